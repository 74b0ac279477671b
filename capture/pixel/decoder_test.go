package pixel

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"edged/internal/testkit"
)

// scene is a smooth colour picture with structure at several scales: its area average is well defined at any size.
func scene(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := float64(x)/float64(w), float64(y)/float64(h)
			wave := 0.5 + 0.5*math.Sin(14*u)*math.Cos(11*v)
			m.SetRGBA(x, y, color.RGBA{byte(40 + 170*u), byte(30 + 180*wave), byte(220 - 170*v), 255})
		}
	}
	return m
}

// areaRGB is the reference: the exact area average of the centre crop of m, [height,width,3].
func areaRGB(m image.Image, width, height int) []byte {
	b := m.Bounds()
	cw, ch := float64(b.Dx()), float64(b.Dy())
	if r := float64(width) / float64(height); cw > ch*r {
		cw = ch * r
	} else {
		ch = cw / r
	}
	x0, y0 := (float64(b.Dx())-cw)/2, (float64(b.Dy())-ch)/2
	out := make([]byte, 0, 3*width*height)
	for y := range height {
		for x := range width {
			left, right := x0+cw*float64(x)/float64(width), x0+cw*float64(x+1)/float64(width)
			top, bottom := y0+ch*float64(y)/float64(height), y0+ch*float64(y+1)/float64(height)
			var sum [3]float64
			for j := int(top); j < int(math.Ceil(bottom)); j++ {
				for i := int(left); i < int(math.Ceil(right)); i++ {
					weight := (math.Min(right, float64(i+1)) - math.Max(left, float64(i))) *
						(math.Min(bottom, float64(j+1)) - math.Max(top, float64(j)))
					r, g, b, _ := m.At(b.Min.X+i, b.Min.Y+j).RGBA()
					sum[0] += weight * float64(r>>8)
					sum[1] += weight * float64(g>>8)
					sum[2] += weight * float64(b>>8)
				}
			}
			for _, s := range sum {
				out = append(out, byte(s/((right-left)*(bottom-top))+0.5))
			}
		}
	}
	return out
}

// meanDiff is the mean absolute difference of two pictures in levels of 255.
func meanDiff(t testing.TB, got, want []byte) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d bytes, want %d", len(got), len(want))
	}
	sum := 0
	for i := range got {
		sum += max(int(got[i])-int(want[i]), int(want[i])-int(got[i]))
	}
	return float64(sum) / float64(len(got))
}

// goJPEG encodes m as 4:2:0 with image/jpeg, whose Huffman tables are the standard ones.
func goJPEG(t testing.TB, m image.Image) []byte { return goJPEGOf(t, m, 95) }

func goJPEGOf(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newDecoder(t testing.TB, width, height int) *Decoder {
	t.Helper()
	d, err := NewDecoder(width, height)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func TestDecodeJPEG(t *testing.T) {
	for _, c := range []struct {
		w, h, width, height int
		limit               float64 // mean difference to the area average, in levels
	}{
		{640, 480, 96, 96, 2},
		{640, 480, 224, 224, 2},
		{1280, 720, 224, 224, 2}, // half size, at which FASTDCT spoils the colours
		{320, 240, 96, 160, 2},   // portrait crop of a landscape picture
		{480, 640, 96, 64, 2},
		{197, 195, 96, 94, 3}, // odd in
		{33, 17, 96, 96, 12},  // enlarged: the reference has steps where Decode interpolates
		{1, 1, 8, 8, 1},
	} {
		d := newDecoder(t, c.width, c.height)
		src := goJPEG(t, scene(c.w, c.h))
		decoded, err := jpeg.Decode(bytes.NewReader(src))
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]byte, 3*c.width*c.height)
		if err := d.Decode(dst, Format{FourCC: MJPEG}, src); err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if diff := meanDiff(t, dst, areaRGB(decoded, c.width, c.height)); diff > c.limit {
			t.Errorf("%+v: mean difference to the area average %.2f levels", c, diff)
		}
	}
}

// ffmpeg runs it over input and returns what it writes.
func ffmpeg(t *testing.T, input []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error"}, args...)...)
	cmd.Stdin = bytes.NewReader(input)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg (make deps installs it): %v\n%s", err, errs.String())
	}
	return out
}

// ffmpegJPEG encodes m with a chroma subsampling that image/jpeg does not write, and with the standard's Huffman tables.
func ffmpegJPEG(t *testing.T, m *image.RGBA, pixFmt string) []byte {
	t.Helper()
	return ffmpeg(t, m.Pix, "-f", "rawvideo", "-pix_fmt", "rgba", "-s", fmt.Sprintf("%dx%d", m.Bounds().Dx(), m.Bounds().Dy()), "-i", "-",
		"-vf", "scale=out_range=full:flags=accurate_rnd+full_chroma_int+area,format="+pixFmt, "-c:v", "mjpeg", "-huffman", "default", "-q:v", "2", "-f", "mjpeg", "-")
}

func TestDecodeSubsamplings(t *testing.T) {
	testkit.Slow(t)
	for _, pixFmt := range []string{"yuvj420p", "yuvj422p", "yuvj440p", "yuvj444p"} {
		for _, size := range [][2]int{{320, 240}, {163, 121}} {
			m := scene(size[0], size[1])
			d := newDecoder(t, 96, 96)
			dst := make([]byte, 3*96*96)
			if err := d.Decode(dst, Format{FourCC: MJPEG}, ffmpegJPEG(t, m, pixFmt)); err != nil {
				t.Errorf("%s %v: %v", pixFmt, size, err)
				continue
			}
			if diff := meanDiff(t, dst, areaRGB(m, 96, 96)); diff > 2 {
				t.Errorf("%s %v: mean difference to the area average %.2f levels, want at most 2", pixFmt, size, diff)
			}
		}
	}
}

func TestDecodeGreyJPEG(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 160, 120))
	for i := range grey.Pix {
		grey.Pix[i] = byte(i % 160)
	}
	d := newDecoder(t, 40, 30)
	dst := make([]byte, 3*40*30)
	if err := d.Decode(dst, Format{FourCC: JPEG}, goJPEG(t, grey)); err != nil {
		t.Fatal(err)
	}
	if diff := meanDiff(t, dst, areaRGB(grey, 40, 30)); diff > 1 {
		t.Errorf("mean difference %.2f levels, want at most 1", diff)
	}
}

// withoutDHT removes the Huffman tables from a JPEG, as many UVC cameras do to save bandwidth.
func withoutDHT(src []byte) []byte {
	out := append([]byte(nil), src[:2]...)
	for i := 2; ; {
		n := 2 + int(src[i+2])<<8 + int(src[i+3])
		if src[i+1] == 0xda {
			return append(out, src[i:]...)
		}
		if src[i+1] != 0xc4 {
			out = append(out, src[i:i+n]...)
		}
		i += n
	}
}

// A camera's frame without Huffman tables uses the standard's, whatever tables earlier frames had.
func TestDecodeWithoutTablesAfterOthers(t *testing.T) {
	src := withoutDHT(goJPEG(t, scene(160, 120)))
	want, got := make([]byte, 3*96*96), make([]byte, 3*96*96)
	if err := newDecoder(t, 96, 96).Decode(want, Format{FourCC: MJPEG}, src); err != nil {
		t.Fatal(err)
	}
	d := newDecoder(t, 96, 96)
	for _, name := range []string{"progressive", "arithmetic", "baseline", "restarts"} {
		if err := d.Decode(got, Format{FourCC: MJPEG}, jpegFile(t, name)); err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(got, Format{FourCC: MJPEG}, src); err != nil || !bytes.Equal(got, want) {
			t.Errorf("after a %s JPEG: error %v, same pixels %v", name, err, bytes.Equal(got, want))
		}
	}
}

// Real cameras send frames like these. They must decode to the same pixels.
func TestDecodeQuirkyJPEG(t *testing.T) {
	src := goJPEG(t, scene(160, 120))
	stray := append(append([]byte(nil), src[:len(src)-2]...), 0, 0, 0xff, 0xd9)
	d := newDecoder(t, 96, 96)
	want, dst := make([]byte, 3*96*96), make([]byte, 3*96*96)
	if err := d.Decode(want, Format{FourCC: MJPEG}, src); err != nil {
		t.Fatal(err)
	}
	for name, frame := range map[string][]byte{
		"no Huffman tables":          withoutDHT(src),
		"zero padding after the end": append(append([]byte(nil), src...), make([]byte, 512)...),
		"stray bytes before the end": stray,
		"another frame's tail":       append(append([]byte(nil), src...), src[600:]...),
	} {
		clear(dst)
		if err := d.Decode(dst, Format{FourCC: MJPEG}, frame); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(dst, want) {
			t.Errorf("%s: other pixels", name)
		}
	}
}

// patchSOF returns src with height and width in its frame header replaced.
func patchSOF(src []byte, h, w int) []byte {
	out := append([]byte(nil), src...)
	i := max(bytes.Index(out, []byte{0xff, 0xc0}), bytes.Index(out, []byte{0xff, 0xc2}))
	copy(out[i+5:], []byte{byte(h >> 8), byte(h), byte(w >> 8), byte(w)})
	return out
}

func TestDecodeRefuses(t *testing.T) {
	src := goJPEG(t, scene(160, 120))
	adobe := []byte{0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0} // transform 0: RGB
	inRGB := append(append(append([]byte(nil), src[:2]...), adobe...), src[2:]...)
	// Decode reads no more than a header of four components and the start of its scan.
	cmyk := []byte{0xff, 0xd8, 0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0,
		0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0, 0, 0xff, 0xd9}
	progressive := jpegFile(t, "progressive")
	scan := bytes.LastIndex(progressive, []byte{0xff, 0xda})
	scans := bytes.Clone(progressive[:len(progressive)-2])
	for bytes.Count(scans, []byte{0xff, 0xda}) < 33 {
		scans = append(scans, progressive[scan:len(progressive)-2]...)
	}
	head, _, _ := bytes.Cut(src, []byte{0xff, 0xda})
	apart := append(bytes.Clone(head), 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xff, 0xd9)
	hidden := append([]byte{0xff, 0xd8, 0xff, 0x01}, src[2:]...)
	frame := make([]byte, 160*120*3)
	mjpeg := Format{FourCC: MJPEG}
	for _, c := range []struct {
		name   string
		format Format
		src    []byte
		want   error
		text   string
	}{
		{"empty", mjpeg, nil, ErrCorrupt, "no data"},
		{"no SOI", mjpeg, src[2:], ErrCorrupt, "start marker"},
		{"markers alone", mjpeg, []byte{0xff, 0xd8, 0xff, 0xd9}, ErrCorrupt, "header"},
		{"cut in half", mjpeg, src[:len(src)/2], ErrCorrupt, "data"},
		{"cut before EOI", mjpeg, src[:len(src)-2], ErrCorrupt, "remature end"},
		{"cut in the header", mjpeg, src[:100], ErrCorrupt, "header"},
		{"overwritten scan", mjpeg, append(append(append([]byte(nil), src[:len(src)*3/4]...), make([]byte, 40)...), 0xff, 0xd9), ErrCorrupt, "data"},
		{"zero height", mjpeg, patchSOF(src, 0, 160), ErrCorrupt, "header"},
		{"absurd size", mjpeg, patchSOF(src, 60000, 60000), ErrUnsupported, "60000x60000"},
		{"too many pixels", mjpeg, patchSOF(src, 4097, 4096), ErrUnsupported, "4096x4097; at most 16777216 pixels"},
		{"too many for several scans", mjpeg, patchSOF(progressive, 1025, 2048), ErrUnsupported, "progressive JPEG of 2048x1025; at most 2097152"},
		{"a scan for each component", mjpeg, patchSOF(apart, 1025, 2048), ErrUnsupported, "2048x1025; at most 2097152"},
		{"a marker that hides the rest", mjpeg, patchSOF(hidden, 1025, 2048), ErrUnsupported, "2048x1025; at most 2097152"},
		{"too many scans", mjpeg, scans, ErrUnsupported, "JPEG of 33 scans; at most 32"},
		{"far larger than the camera's", Format{FourCC: MJPEG, Width: 80, Height: 59}, src, ErrCorrupt, "JPEG of 160x120 from a camera set to 80x59"},
		{"RGB JPEG", mjpeg, inRGB, ErrUnsupported, "RGB"},
		{"CMYK JPEG", mjpeg, cmyk, ErrUnsupported, "CMYK"},
		{"unknown format", Format{FourCC: 0x30313050, Width: 160, Height: 120}, frame, ErrUnsupported, "unknown pixel format"},
		{"short YUYV", Format{FourCC: YUYV, Width: 160, Height: 120}, frame[:160*120*2-1], ErrCorrupt, "38400"},
		{"YUYV stride too small", Format{FourCC: YUYV, Width: 160, Height: 120, Stride: 319}, frame, ErrUnsupported, "stride"},
		{"YUYV negative stride", Format{FourCC: YUYV, Width: 160, Height: 120, Stride: -320}, frame, ErrUnsupported, "stride"},
		{"short YUYV with stride", Format{FourCC: YUYV, Width: 160, Height: 120, Stride: 480}, frame[:480*119+319], ErrCorrupt, "whole frame"},
		{"short 4:2:0", Format{FourCC: YUV420, Width: 161, Height: 121}, frame[:161*121+2*81*61-1], ErrCorrupt, "whole frame"},
		{"negative size", Format{FourCC: YUV420, Width: -160, Height: 120}, frame, ErrUnsupported, "side"},
		{"zero size", Format{FourCC: YUYV}, frame, ErrUnsupported, "side"},
		{"stride too large", Format{FourCC: Grey, Width: 160, Height: 120, Stride: maxStride + 1}, frame, ErrUnsupported, "bytes a line"},
		// 3*2^29 bytes: no computation may overflow where size_t has 32 bits.
		{"the largest frame", Format{FourCC: YUV444, Width: maxSide, Height: maxSide, Stride: maxStride}, frame, ErrCorrupt, "has 1610612736"},
		// Where int has 64 bits, the lower 32 of this are 160.
		{"wide beyond 32 bits", Format{FourCC: Grey, Width: 160 + 1<<(strconv.IntSize/2), Height: 1}, frame, ErrUnsupported, "side"},
	} {
		d := newDecoder(t, 96, 96)
		err := d.Decode(make([]byte, 3*96*96), c.format, c.src)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v, want %q with %q", c.name, err, c.want, c.text)
		}
	}
}

// TurboJPEG has no name for three luma samples to one chroma sample. Its version 2 refuses the header, version 3 leaves that to
// edged.
func TestDecodeRefusesSubsampling(t *testing.T) {
	src := goJPEG(t, scene(160, 120))
	src[bytes.Index(src, []byte{0xff, 0xc0})+11] = 0x31
	err := newDecoder(t, 96, 96).Decode(make([]byte, 3*96*96), Format{FourCC: MJPEG}, src)
	if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "subsampling") {
		t.Errorf("error %v, want one about the subsampling", err)
	}
}

func TestDecodeChecksResult(t *testing.T) {
	d := newDecoder(t, 96, 96)
	src := goJPEG(t, scene(160, 120))
	for _, n := range []int{0, 3*96*96 - 1, 3*96*96 + 1} {
		if err := d.Decode(make([]byte, n), Format{FourCC: MJPEG}, src); err == nil {
			t.Errorf("a result buffer of %d bytes was taken for 96x96", n)
		}
	}
	d.Close()
	d.Close()
	if err := d.Decode(make([]byte, 3*96*96), Format{FourCC: MJPEG}, src); err == nil {
		t.Error("Decode after Close: no error")
	}
	for _, size := range [][2]int{{0, 96}, {96, -1}, {96, maxSide + 1}} {
		if _, err := NewDecoder(size[0], size[1]); err == nil {
			t.Errorf("NewDecoder%v: no error", size)
		}
	}
}

func TestDecodeAfterErrors(t *testing.T) {
	src := goJPEG(t, scene(160, 120))
	d := newDecoder(t, 96, 96)
	want, got := make([]byte, 3*96*96), make([]byte, 3*96*96)
	if err := d.Decode(want, Format{FourCC: MJPEG}, src); err != nil {
		t.Fatal(err)
	}
	for n := range len(src) / 97 {
		_ = d.Decode(got, Format{FourCC: MJPEG}, src[:97*n])
	}
	if err := d.Decode(got, Format{FourCC: MJPEG}, src); err != nil || !bytes.Equal(got, want) {
		t.Errorf("after truncated frames: error %v, same pixels %v", err, bytes.Equal(got, want))
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	d, err := NewDecoder(24, 16, at(0, 0, 1, 1), at(0.2, 0.1, 0.5, 0.8))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	d.Mask([][]Point{{{0.1, 0.1}, {0.6, 0.2}, {0.3, 0.9}}})
	dst := make([]byte, 2*3*24*16)
	for name, f := range frames(t) {
		if n := testing.AllocsPerRun(20, func() {
			if err := d.Decode(dst, f.format, f.data); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations per Decode, want 0", name, n)
		}
	}
}

func TestTimes(t *testing.T) {
	d := newDecoder(t, 96, 96)
	dst, src := make([]byte, 3*96*96), goJPEG(t, scene(640, 480))
	run := func() {
		if err := d.Decode(dst, Format{FourCC: MJPEG}, src); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if decode, scale := d.Times(); decode != 0 || scale != 0 {
		t.Errorf("times %v, %v without Timing", decode, scale)
	}
	d.Timing(true)
	run()
	if decode, scale := d.Times(); decode <= 0 || scale <= 0 {
		t.Errorf("decode %v, scale %v: want both positive", decode, scale)
	}
}
