package pixel

import (
	"bytes"
	"image"
	"testing"

	"edged/internal/testkit"
)

func at(x, y, width, height float64) Area { return Area{X: x, Y: y, Width: width, Height: height} }

// part is the picture's pixels within the area.
func part(m *image.RGBA, a Area) image.Image {
	w, h := float64(m.Bounds().Dx()), float64(m.Bounds().Dy())
	return m.SubImage(image.Rect(int(a.X*w+0.5), int(a.Y*h+0.5), int((a.X+a.Width)*w+0.5), int((a.Y+a.Height)*h+0.5)))
}

// In every format each area shows its own part of the picture, whatever the number of areas.
func TestAreasShowTheirPart(t *testing.T) {
	testkit.Slow(t)
	m := scene(640, 480)
	areas := []Area{at(0, 0, 1, 1), at(0, 0, 0.5, 0.5), at(0.7, 0.1, 0.3, 0.8), at(0.25, 0.5, 0.2, 0.3)}
	type source struct {
		format Format
		data   []byte
	}
	sources := map[string]source{"mjpeg": {Format{FourCC: MJPEG}, goJPEG(t, m)}}
	for name, fourcc := range map[string]FourCC{
		"yuyv422": YUYV, "nv12": NV12, "yuv420p": YUV420, "yuv422p": YUV422, "rgb24": RGB24,
	} {
		sources[name] = source{Format{FourCC: fourcc, Width: 640, Height: 480}, byFFmpeg(t, m, name, "bt601", "tv")}
	}
	for name, s := range sources {
		const size = 3 * 64 * 64
		together, err := NewDecoder(64, 64, areas...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(together.Close)
		all := make([]byte, len(areas)*size)
		if err := together.Decode(all, s.format, s.data); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, a := range areas {
			want := areaRGB(part(m, a), 64, 64)
			if diff := meanDiff(t, all[i*size:(i+1)*size], want); diff > 2 {
				t.Errorf("%s %v, with others: mean difference %.2f levels, want at most 2", name, a, diff)
			}
			alone, err := NewDecoder(64, 64, a)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(alone.Close)
			one := make([]byte, size)
			if err := alone.Decode(one, s.format, s.data); err != nil {
				t.Fatalf("%s %v: %v", name, a, err)
			}
			if diff := meanDiff(t, one, want); diff > 2 {
				t.Errorf("%s %v alone: mean difference %.2f levels, want at most 2", name, a, diff)
			}
		}
	}
}

func TestUnwantedAreasStayAsTheyAre(t *testing.T) {
	d, err := NewDecoder(8, 8, at(0, 0, 0.5, 1), at(0.5, 0, 0.5, 1), at(0, 0, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	f, data := whiteGrey(64, 64)
	for selected := range uint32(8) {
		dst := make([]byte, 3*3*8*8)
		if err := d.DecodeAreas(dst, f, data, selected); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			picture := dst[i*3*8*8 : (i+1)*3*8*8]
			want := bytes.Repeat([]byte{byte(selected >> i & 1 * 255)}, len(picture))
			if !bytes.Equal(picture, want) {
				t.Errorf("selected %03b: area %d begins %d, want %d", selected, i, picture[0], want[0])
			}
		}
	}
}

// A mask hides its part of the picture in every area, also where an area enlarges a few pixels. The rest is visible.
func TestMasksHoldInEveryArea(t *testing.T) {
	areas := []Area{at(0, 0, 1, 1), at(0.4, 0.4, 0.2, 0.2), at(0.45, 0.45, 0.05, 0.05), at(0, 0, 0.3, 0.3)}
	for _, side := range []int{640, 120, 33} {
		d, err := NewDecoder(64, 64, areas...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(d.Close)
		d.Mask([][]Point{{{0.47, 0}, {1, 0}, {1, 1}, {0.47, 1}}})
		f, data := whiteGrey(side, side)
		dst := make([]byte, len(areas)*3*64*64)
		if err := d.Decode(dst, f, data); err != nil {
			t.Fatal(err)
		}
		for i, a := range areas {
			// Beside the mask at most four source pixels are hidden, too, and a pixel of the result on either side.
			slack := 5/float64(side) + 3*a.Width/64
			for x := range 64 {
				v := dst[i*3*64*64+3*(32*64+x)]
				at := a.X + a.Width*(float64(x)+0.5)/64
				if at > 0.47 && v != 0 {
					t.Errorf("%d pixels, area %v: column %d, at %.3f of the picture, shows %d", side, a, x, at, v)
				}
				if at < 0.47-slack && v < 250 {
					t.Errorf("%d pixels, area %v: column %d, at %.3f of the picture, is hidden", side, a, x, at)
				}
			}
		}
	}
}

func TestBadAreas(t *testing.T) {
	for _, areas := range [][]Area{
		{at(0, 0, 0, 1)}, {at(-0.1, 0, 0.5, 0.5)}, {at(0.6, 0, 0.5, 1)}, {at(0, 0.5, 1, 0.6)}, make([]Area, maxAreas+1),
	} {
		if _, err := NewDecoder(8, 8, areas...); err == nil {
			t.Errorf("%v: no error", areas)
		}
	}
	tiny, err := NewDecoder(8, 8, at(0.999, 0.999, 0.001, 0.001), at(0, 0, 1e-6, 1e-6))
	if err != nil {
		t.Fatal(err)
	}
	defer tiny.Close()
	for _, side := range []int{1, 2, 7, 64} { // an area smaller than a pixel shows one pixel
		for _, fourcc := range []FourCC{Grey, YUYV, NV12, YUV420, RGB24} {
			f := Format{FourCC: fourcc, Width: side, Height: side}
			if err := tiny.Decode(make([]byte, 2*3*8*8), f, fill(f, 100, 128, 128)); err != nil {
				t.Errorf("%v: %v", f, err)
			}
		}
	}
}
