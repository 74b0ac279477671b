package pixel

import (
	"bytes"
	"image/jpeg"
	"math/rand/v2"
	"testing"
)

// whiteGrey is a white frame in grey.
func whiteGrey(w, h int) (Format, []byte) {
	return Format{FourCC: Grey, Width: w, Height: h, FullRange: true}, bytes.Repeat([]byte{255}, w*h)
}

func decodeMasked(t *testing.T, f Format, data []byte, w, h int, polygons ...[]Point) []byte {
	t.Helper()
	d, err := NewDecoder(w, h)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.Mask(polygons)
	dst := make([]byte, 3*w*h)
	if err := d.Decode(dst, f, data); err != nil {
		t.Fatal(err)
	}
	return dst
}

// No part of a masked region may be visible, at any size or aspect. Whatever is two pixels away from it must be, or four of the
// source's.
func TestMasksHideWhatTheyCover(t *testing.T) {
	left := []Point{{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}
	for _, size := range [][2]int{{96, 96}, {97, 41}, {640, 480}} {
		f, data := whiteGrey(640, 480)
		w, h := size[0], size[1]
		got := decodeMasked(t, f, data, w, h, left)
		for y := range h {
			for x := range w {
				v := got[3*(y*w+x)]
				if float64(x) < float64(w)/2 && v != 0 {
					t.Fatalf("%dx%d: pixel %d,%d shows %d", w, h, x, y, v)
				}
				if float64(x) > float64(w)/2+max(2, 4*float64(w)/640) && v < 250 {
					t.Fatalf("%dx%d: pixel %d,%d is hidden", w, h, x, y)
				}
			}
		}
	}
}

// What lies under a mask does not change the visible rest at all, neither in brightness nor in colour, at any scale.
func TestMasksLeakNothing(t *testing.T) {
	const width, height = 64, 48
	low, high := Point{0.31, 0.27}, Point{0.62, 0.71}
	polygon := []Point{low, {high.X, low.Y}, high, {low.X, high.Y}}
	random := rand.New(rand.NewPCG(3, 4))
	for _, fourcc := range rawFormats {
		f := Format{FourCC: fourcc, Width: width, Height: height}
		a := make([]byte, f.Bytes())
		for i := range a {
			a[i] = byte(random.Uint32())
		}
		b := bytes.Clone(a)
		for i, place := range places(f) {
			if place.high.X > low.X*width && place.low.X < high.X*width && place.high.Y > low.Y*height && place.low.Y < high.Y*height {
				b[i] = ^b[i]
			}
		}
		for _, size := range [][2]int{{9, 7}, {24, 18}, {50, 31}, {64, 48}, {150, 150}} {
			for _, area := range []Area{at(0, 0, 1, 1), at(0.2, 0.2, 0.5, 0.5), at(0.3, 0.5, 0.1, 0.4)} {
				d, err := NewDecoder(size[0], size[1], area)
				if err != nil {
					t.Fatal(err)
				}
				d.Mask([][]Point{polygon})
				shown := [2][]byte{}
				for i, data := range [][]byte{a, b} {
					shown[i] = make([]byte, 3*size[0]*size[1])
					if err := d.Decode(shown[i], f, data); err != nil {
						t.Fatal(err)
					}
				}
				d.Close()
				if !bytes.Equal(shown[0], shown[1]) {
					t.Errorf("%v to %v of %v: what is masked can be seen", f, size, area)
				}
			}
		}
	}
}

// place is the part of a picture, in pixels, that a byte of a frame describes.
type place struct{ low, high Point }

func places(f Format) (out []place) {
	plane := func(columns, rows, perColumn int, wide, high float64) {
		for y := range rows {
			for x := range columns {
				at := Point{float64(x) * wide, float64(y) * high}
				for range perColumn {
					out = append(out, place{at, Point{at.X + wide, at.Y + high}})
				}
			}
		}
	}
	w, h := f.Width, f.Height
	switch f.FourCC {
	case YUYV, UYVY:
		plane(w/2, h, 4, 2, 1)
	case RGB24, BGR24:
		plane(w, h, 3, 1, 1)
	default:
		plane(w, h, 1, 1, 1)
	}
	switch f.FourCC {
	case NV12, NV21:
		plane(w/2, h/2, 2, 2, 2)
	case YUV420, YVU420:
		plane(w/2, h/2, 1, 2, 2)
		plane(w/2, h/2, 1, 2, 2)
	case YUV422:
		plane(w/2, h, 1, 2, 1)
		plane(w/2, h, 1, 2, 1)
	case YUV444:
		plane(w, h, 1, 1, 1)
		plane(w, h, 1, 1, 1)
	}
	return out
}

// A polygon without an area still hides what lies on its line.
func TestThinMasks(t *testing.T) {
	f, data := whiteGrey(640, 640)
	got := decodeMasked(t, f, data, 64, 64, []Point{{0.25, 0.25}, {0.75, 0.75}, {0.751, 0.75}})
	for i := 17; i < 47; i++ {
		if v := got[3*(i*64+i)]; v != 0 {
			t.Errorf("pixel %d,%d shows %d", i, i, v)
		}
	}
}

// A place that an outline goes around twice is hidden, too.
func TestMaskThatCrossesItself(t *testing.T) {
	f, data := whiteGrey(640, 640)
	star := []Point{{0.5, 0.1}, {0.75, 0.85}, {0.1, 0.4}, {0.9, 0.4}, {0.25, 0.85}}
	if v := decodeMasked(t, f, data, 64, 64, star)[3*(32*64+32)]; v != 0 {
		t.Errorf("the middle of a star shows %d", v)
	}
}

// In an area of a few pixels a mask's edges are a million pixels long.
func TestMaskOfATinyArea(t *testing.T) {
	d, err := NewDecoder(96, 96, at(0.5, 0.5, 1e-4, 1e-4), at(0, 0, 1e-4, 1e-4))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.Mask([][]Point{{{0.3, 0.2}, {0.9, 0.3}, {0.8, 0.9}, {0.2, 0.7}}})
	f, data := whiteGrey(8000, 8000)
	dst := make([]byte, 2*3*96*96)
	if err := d.Decode(dst, f, data); err != nil {
		t.Fatal(err)
	}
	if inside, outside := dst[0], dst[3*96*96]; inside != 0 || outside < 250 {
		t.Errorf("within the mask %d shows, outside of it %d", inside, outside)
	}
}

func TestMaskFollowsTheSourcesSize(t *testing.T) {
	d, err := NewDecoder(32, 32)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.Mask([][]Point{{{0, 0}, {0.25, 0}, {0.25, 1}, {0, 1}}})
	dst := make([]byte, 3*32*32)
	// The result shows the centre of a picture twice as wide as high: the picture's left quarter is outside.
	for _, c := range []struct{ w, h, hidden int }{{64, 64, 8}, {128, 64, 0}, {64, 64, 8}} {
		f, data := whiteGrey(c.w, c.h)
		if err := d.Decode(dst, f, data); err != nil {
			t.Fatal(err)
		}
		hidden := 0
		for x := range 32 {
			if dst[3*(16*32+x)] == 0 {
				hidden++
			}
		}
		if hidden < c.hidden || hidden > c.hidden+3 {
			t.Errorf("%dx%d: %d columns are hidden, want %d", c.w, c.h, hidden, c.hidden)
		}
	}
	f, data := whiteGrey(64, 64)
	if n := testing.AllocsPerRun(100, func() { _ = d.Decode(dst, f, data) }); n != 0 {
		t.Errorf("%v allocations for a masked frame", n)
	}
}

func TestEncodeJPEG(t *testing.T) {
	rgb := make([]byte, 3*50*30)
	for i := range 50 * 30 {
		rgb[3*i], rgb[3*i+1], rgb[3*i+2] = 200, 100, 50
	}
	data, err := EncodeJPEG(rgb, 50, 30, 80)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r, g, b, _ := img.At(25, 15).RGBA()
	near := func(got uint32, want int) bool { d := int(got>>8) - want; return d >= -3 && d <= 3 }
	if img.Bounds().Dx() != 50 || img.Bounds().Dy() != 30 || !near(r, 200) || !near(g, 100) || !near(b, 50) {
		t.Errorf("%v, %d %d %d", img.Bounds(), r>>8, g>>8, b>>8)
	}
	for _, c := range []struct{ n, w, h, q int }{{3, 0, 1, 80}, {2, 1, 1, 80}, {3, 1, 1, 0}, {3, 1, 1, 101}, {3, 1 << 20, 1, 80}} {
		if _, err := EncodeJPEG(make([]byte, c.n), c.w, c.h, c.q); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
