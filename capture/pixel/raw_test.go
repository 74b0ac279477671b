package pixel

import (
	"fmt"
	"image"
	"testing"
)

// rgb converts one BT.601 Y'CbCr sample by the standard's own formula (ITU-R BT.601-7, section 2.5; full range: JFIF).
func rgb(y, cb, cr byte, fullRange bool) [3]byte {
	luma, scale := (float64(y)-16)*255/219, 255.0/224
	if fullRange {
		luma, scale = float64(y), 1
	}
	b, r := scale*(float64(cb)-128), scale*(float64(cr)-128)
	clamp := func(v float64) byte { return byte(max(0, min(255, v+0.5))) }
	return [3]byte{clamp(luma + 1.402*r), clamp(luma - 0.344136*b - 0.714136*r), clamp(luma + 1.772*b)}
}

// fill makes a frame of one colour in format f, with 0xee in every byte of padding.
func fill(f Format, y, cb, cr byte) []byte {
	plane := func(width, height, stride int, v byte) (out []byte) {
		for range height {
			for x := range max(width, stride) {
				if x >= width {
					v = 0xee
				}
				out = append(out, v)
			}
			if stride > width {
				v = out[0]
			}
		}
		return out
	}
	half := func(n int) int { return (n + 1) / 2 }
	luma := plane(f.Width, f.Height, f.Stride, y)
	switch f.FourCC {
	case Grey:
		return luma
	case YUV420:
		return append(append(luma, plane(half(f.Width), half(f.Height), half(f.Stride), cb)...), plane(half(f.Width), half(f.Height), half(f.Stride), cr)...)
	case YVU420:
		return append(append(luma, plane(half(f.Width), half(f.Height), half(f.Stride), cr)...), plane(half(f.Width), half(f.Height), half(f.Stride), cb)...)
	case NV12, NV21:
		if f.FourCC == NV21 {
			cb, cr = cr, cb
		}
		return append(luma, interleaved(half(f.Width), half(f.Height), f.Stride, cb, cr)...)
	case RGB24, BGR24:
		c := rgb(y, cb, cr, f.FullRange)
		if f.FourCC == BGR24 {
			c[0], c[2] = c[2], c[0]
		}
		return interleaved(f.Width, f.Height, f.Stride, c[0], c[1], c[2])
	case UYVY:
		return interleaved(half(f.Width), f.Height, f.Stride, cb, y, cr, y)
	case YUV422:
		return append(append(luma, plane(half(f.Width), f.Height, half(f.Stride), cb)...), plane(half(f.Width), f.Height, half(f.Stride), cr)...)
	case YUV444:
		return append(append(luma, plane(f.Width, f.Height, f.Stride, cb)...), plane(f.Width, f.Height, f.Stride, cr)...)
	}
	out := []byte{}
	for range f.Height {
		line := []byte{}
		for range half(f.Width) {
			line = append(line, y, cb, y, cr)
		}
		for len(line) < f.Stride {
			line = append(line, 0xee)
		}
		out = append(out, line...)
	}
	return out
}

// interleaved repeats the bytes width times in each line and fills the line up to the stride with 0xee.
func interleaved(width, height, stride int, bytes ...byte) (out []byte) {
	for range height {
		line := []byte{}
		for range width {
			line = append(line, bytes...)
		}
		for len(line) < stride {
			line = append(line, 0xee)
		}
		out = append(out, line...)
	}
	return out
}

// A frame of one colour has that colour everywhere, whatever its layout, size and padding. No padding is visible.
func TestDecodeRawColours(t *testing.T) {
	colours := [][3]byte{{16, 128, 128}, {235, 128, 128}, {81, 90, 240}, {145, 54, 34}, {41, 240, 110}, {120, 100, 150}}
	for _, fourcc := range rawFormats {
		for _, size := range [][3]int{{64, 48, 0}, {64, 48, 200}, {37, 31, 0}, {37, 31, 114}, {2, 2, 0}, {1, 1, 0}, {48, 64, 150}} {
			for _, full := range []bool{false, true} {
				f := Format{FourCC: fourcc, Width: size[0], Height: size[1], Stride: size[2], FullRange: full}
				d := newDecoder(t, 24, 16)
				dst := make([]byte, 3*24*16)
				for _, c := range colours {
					if fourcc == Grey {
						c[1], c[2] = 128, 128
					}
					if err := d.Decode(dst, f, fill(f, c[0], c[1], c[2])); err != nil {
						t.Fatalf("%v stride %d: %v", f, f.Stride, err)
					}
					want := rgb(c[0], c[1], c[2], full)
					for i, v := range dst {
						// libyuv's factors have 6 bits after the point. The one for blue is cut to fit 8 bits in all.
						if diff := int(v) - int(want[i%3]); diff < -6 || diff > 3 {
							t.Fatalf("%v stride %d full %v, YCbCr %v: value %d is %d, want %v", f, f.Stride, full, c, i, v, want)
						}
					}
				}
			}
		}
	}
}

// toYUYV packs m as limited-range YUYV.
func toYUYV(m *image.RGBA) []byte {
	b, out := m.Bounds(), []byte{}
	sample := func(x, y int) (luma, cb, cr float64) {
		c := m.RGBAAt(min(x, b.Dx()-1), y)
		r, g, bl := float64(c.R), float64(c.G), float64(c.B)
		return 16 + (0.299*r+0.587*g+0.114*bl)*219/255,
			128 + (-0.168736*r-0.331264*g+0.5*bl)*224/255, 128 + (0.5*r-0.418688*g-0.081312*bl)*224/255
	}
	for y := range b.Dy() {
		for x := 0; x < b.Dx(); x += 2 {
			y0, cb0, cr0 := sample(x, y)
			y1, cb1, cr1 := sample(x+1, y)
			out = append(out, byte(y0+0.5), byte((cb0+cb1)/2+0.5), byte(y1+0.5), byte((cr0+cr1)/2+0.5))
		}
	}
	return out
}

func TestDecodeYUYV(t *testing.T) {
	for _, c := range []struct {
		w, h, width, height int
	}{{640, 480, 96, 96}, {640, 480, 224, 224}, {320, 240, 96, 160}, {321, 240, 96, 96}, {160, 120, 96, 96}} {
		m := scene(c.w, c.h)
		d := newDecoder(t, c.width, c.height)
		dst := make([]byte, 3*c.width*c.height)
		if err := d.Decode(dst, Format{FourCC: YUYV, Width: c.w, Height: c.h}, toYUYV(m)); err != nil {
			t.Errorf("%v: %v", c, err)
			continue
		}
		if diff := meanDiff(t, dst, areaRGB(m, c.width, c.height)); diff > 2 {
			t.Errorf("%+v: mean difference to the area average %.2f levels, want at most 2", c, diff)
		}
	}
}

// The crop is about the centre: the middle stays in the middle, and what is left and right of the square is cut off.
func TestDecodeCropsAboutTheCentre(t *testing.T) {
	for _, size := range [][2]int{{320, 240}, {240, 320}} {
		m := image.NewGray(image.Rect(0, 0, size[0], size[1]))
		for i := range m.Pix {
			x, y := i%size[0], i/size[0]
			if outside := max(x-size[0]/2, size[0]/2-1-x) >= 120 || max(y-size[1]/2, size[1]/2-1-y) >= 120; outside {
				m.Pix[i] = 255
			}
		}
		for _, c := range []struct {
			format Format
			data   []byte
		}{
			{Format{FourCC: Grey, Width: size[0], Height: size[1], FullRange: true}, m.Pix},
			{Format{FourCC: MJPEG}, goJPEG(t, m)},
		} {
			d := newDecoder(t, 60, 60)
			dst := make([]byte, 3*60*60)
			if err := d.Decode(dst, c.format, c.data); err != nil {
				t.Fatal(err)
			}
			for i, v := range dst {
				if v > 8 {
					t.Fatalf("%v %v: value %d is %d: the crop is off the centre", size, c.format.FourCC, i, v)
				}
			}
		}
	}
}

func TestFourCC(t *testing.T) {
	for _, c := range []struct {
		fourcc     FourCC
		text       string
		supported  bool
		compressed bool
	}{{MJPEG, "MJPG", true, true}, {YUYV, "YUYV", true, false}, {YUV420, "YU12", true, false}, {0x47504a01, ".JPG", false, false}} {
		if c.fourcc.String() != c.text || c.fourcc.Supported() != c.supported || c.fourcc.Compressed() != c.compressed {
			t.Errorf("%v: supported %v, compressed %v; want %+v", c.fourcc, c.fourcc.Supported(), c.fourcc.Compressed(), c)
		}
	}
	if s := (Format{FourCC: MJPEG, Width: 640, Height: 480}).String(); s != "MJPG 640x480" {
		t.Errorf("Format prints as %q", s)
	}
}

// byFFmpeg converts the picture to a raw format by ffmpeg, with that matrix and range.
func byFFmpeg(t *testing.T, m *image.RGBA, format, matrix, colourRange string) []byte {
	t.Helper()
	return ffmpeg(t, m.Pix, "-f", "rawvideo", "-pix_fmt", "rgba", "-s", fmt.Sprintf("%dx%d", m.Bounds().Dx(), m.Bounds().Dy()), "-i", "-",
		"-vf", "scale=flags=accurate_rnd+full_chroma_int+area:out_color_matrix="+matrix+":out_range="+colourRange,
		"-pix_fmt", format, "-f", "rawvideo", "-")
}
