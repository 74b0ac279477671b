package pixel

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"edged/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden pictures anew, and their sheet for the manual")

// goldens are frames of every format as another program writes them, in the order of the table in docs/cameras.md.
var goldens = []struct {
	name, by string // by is ffmpeg's pixel format
	format   Format
	pack     func([]byte) []byte // where ffmpeg cannot write the format
}{
	{"mjpeg-420", "yuvj420p", Format{FourCC: MJPEG}, nil},
	{"mjpeg-422", "yuvj422p", Format{FourCC: MJPEG}, nil},
	{"mjpeg-444", "yuvj444p", Format{FourCC: MJPEG}, nil},
	{"mjpeg-no-tables", "yuvj422p", Format{FourCC: MJPEG}, withoutDHT},
	{"yuyv", "yuyv422", Format{FourCC: YUYV}, nil},
	{"uyvy", "uyvy422", Format{FourCC: UYVY}, nil},
	{"nv12", "nv12", Format{FourCC: NV12}, nil},
	{"nv21", "nv21", Format{FourCC: NV21}, nil},
	{"yu12", "yuv420p", Format{FourCC: YUV420}, nil},
	{"yv12", "yuv420p", Format{FourCC: YVU420}, swapChroma},
	{"422p", "yuv422p", Format{FourCC: YUV422}, nil},
	{"444p", "yuv444p", Format{FourCC: YUV444}, nil},
	{"rgb24", "rgb24", Format{FourCC: RGB24}, nil},
	{"bgr24", "bgr24", Format{FourCC: BGR24}, nil},
	{"grey", "gray", Format{FourCC: Grey}, nil},
}

// swapChroma turns YU12 into YV12.
func swapChroma(b []byte) []byte {
	chroma := (len(b) - goldenWidth*goldenHeight) / 2
	cb := len(b) - 2*chroma
	return append(append(bytes.Clone(b[:cb]), b[cb+chroma:]...), b[cb:cb+chroma]...)
}

const (
	goldenWidth, goldenHeight = 640, 480
	goldenSide                = 96
)

// photograph is a frame of real footage, as sharp as a sensor's own: people on a path, cropped to that size.
func photograph(t *testing.T, width, height int) *image.RGBA {
	t.Helper()
	rgb := ffmpeg(t, nil, "-ss", "40", "-i", filepath.Join(os.Getenv("EDGED_CACHE"), "footage", "vtest.avi"), "-frames:v", "1",
		"-vf", fmt.Sprintf("crop=%d:%d:0:0:exact=1,scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp", width, height),
		"-f", "rawvideo", "-pix_fmt", "rgba", "-")
	return &image.RGBA{Pix: rgb, Stride: 4 * width, Rect: image.Rect(0, 0, width, height)}
}

// luma is the picture in grey by BT.601.
func luma(m *image.RGBA) image.Image {
	out := image.NewGray(m.Rect)
	draw.Draw(out, m.Rect, m, image.Point{}, draw.Src)
	return out
}

// A photograph in every format, matrix and range decodes to within 2 levels of its own area average, including the loss of the
// format itself, and to the golden picture of the format.
func TestGolden(t *testing.T) {
	testkit.Slow(t)
	m := photograph(t, goldenWidth, goldenHeight)
	reference, grey := areaRGB(m, goldenSide, goldenSide), areaRGB(luma(m), goldenSide, goldenSide)
	sheet := [][]byte{reference}
	for _, g := range goldens {
		want := reference
		if g.format.FourCC == Grey {
			want = grey
		}
		for _, f := range colours(g.format) {
			got := decode(t, f, encode(t, m, f, g.by, g.pack), goldenSide)
			mean, worst := difference(t, got, want)
			t.Logf("| %s | %s | %.2f | %d |", g.name, colourName(f), mean, worst)
			if mean > 2 {
				t.Errorf("%s %s: mean difference to the area average %.2f levels, want at most 2", g.name, colourName(f), mean)
			}
			if f.BT709 || f.FullRange {
				continue
			}
			sheet = append(sheet, got)
			path := filepath.Join("testdata", "golden", g.name+".png")
			if *update {
				writePNG(t, path, imageOf(got, goldenSide))
			} else if mean, worst := difference(t, got, readPNG(t, path)); mean > 0.5 || worst > 12 { // another ffmpeg rounds differently
				t.Errorf("%s: %.2f levels from the golden picture, %d at worst", g.name, mean, worst)
			}
		}
	}
	if *update {
		writePNG(t, filepath.Join("..", "..", "docs", "pixel-formats.png"), contactSheet(sheet))
	}
}

// The same at other sizes: odd ones, and for a model that takes nearly all pixels.
func TestPhotographAtOtherSizes(t *testing.T) {
	testkit.Slow(t)
	for _, c := range []struct{ width, height, side int }{
		{639, 479, 96}, {639, 479, 224}, {640, 480, 224}, {768, 576, 96}, {320, 240, 96}, {640, 480, 31},
	} {
		m := photograph(t, c.width, c.height)
		want := areaRGB(m, c.side, c.side)
		for _, g := range goldens {
			if !slices.Contains([]string{"mjpeg-420", "yuyv", "nv12", "rgb24"}, g.name) {
				continue // they use the same code as these
			}
			f := colours(g.format)[0]
			f.Width, f.Height = c.width, c.height
			if mean, _ := difference(t, decode(t, f, encode(t, m, f, g.by, nil), c.side), want); mean > 2 {
				t.Errorf("%s %dx%d to %d: mean difference to the area average %.2f levels, want at most 2", g.name, c.width, c.height, c.side, mean)
			}
		}
	}
}

// colours returns the format with each matrix and range that it can have.
func colours(f Format) []Format {
	f.Width, f.Height = goldenWidth, goldenHeight
	switch f.FourCC {
	case MJPEG, RGB24, BGR24:
		return []Format{f}
	case Grey:
		full := f
		full.FullRange = true
		return []Format{f, full}
	}
	all := []Format{f, f, f, f}
	all[1].FullRange, all[2].BT709 = true, true
	all[3].FullRange, all[3].BT709 = true, true
	return all
}

func colourName(f Format) string {
	switch f.FourCC {
	case MJPEG:
		return "BT.601 full"
	case RGB24, BGR24:
		return "RGB"
	}
	return map[bool]string{false: "BT.601", true: "BT.709"}[f.BT709] + map[bool]string{false: " limited", true: " full"}[f.FullRange]
}

// encode writes m in the format by ffmpeg.
func encode(t *testing.T, m *image.RGBA, f Format, by string, pack func([]byte) []byte) []byte {
	t.Helper()
	var data []byte
	if f.FourCC == MJPEG {
		data = ffmpegJPEG(t, m, by)
	} else {
		matrix := map[bool]string{false: "bt601", true: "bt709"}[f.BT709]
		data = byFFmpeg(t, m, by, matrix, map[bool]string{false: "tv", true: "pc"}[f.FullRange])
		if len(data) != f.Bytes() {
			t.Fatalf("%v: ffmpeg writes %d bytes, Bytes says %d", f, len(data), f.Bytes())
		}
	}
	if pack != nil {
		data = pack(data)
	}
	return data
}

func decode(t *testing.T, f Format, data []byte, side int) []byte {
	t.Helper()
	dst := make([]byte, 3*side*side)
	if err := newDecoder(t, side, side).Decode(dst, f, data); err != nil {
		t.Fatal(err)
	}
	return dst
}

// difference returns the mean and the largest difference of two pictures, in levels of 255.
func difference(t *testing.T, got, want []byte) (mean float64, worst int) {
	t.Helper()
	for i := range got {
		worst = max(worst, int(got[i])-int(want[i]), int(want[i])-int(got[i]))
	}
	return meanDiff(t, got, want), worst
}

func imageOf(rgb []byte, side int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		copy(m.Pix[4*i:], rgb[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	return m
}

// contactSheet puts the pictures side by side, eight to a row.
func contactSheet(pictures [][]byte) *image.RGBA {
	const row, step = 8, goldenSide + 4
	sheet := image.NewRGBA(image.Rect(0, 0, row*step-4, (len(pictures)+row-1)/row*step-4))
	for i, p := range pictures {
		at := image.Pt(i%row*step, i/row*step)
		draw.Draw(sheet, image.Rectangle{at, at.Add(image.Pt(goldenSide, goldenSide))}, imageOf(p, goldenSide), image.Point{}, draw.Src)
	}
	return sheet
}

func writePNG(t *testing.T, path string, m image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readPNG(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := png.Decode(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	rgb := make([]byte, 0, 3*m.Bounds().Dx()*m.Bounds().Dy())
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			r, g, b, _ := m.At(x, y).RGBA()
			rgb = append(rgb, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return rgb
}
