package pixel

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"edged/internal/testkit"
)

// rawFormats is every format but JPEG.
var rawFormats = []FourCC{YUYV, UYVY, NV12, NV21, YUV420, YVU420, YUV422, YUV444, RGB24, BGR24, Grey}

// frames is a good frame of every format, 33x17 or so.
func frames(t testing.TB) map[string]frame {
	t.Helper()
	all := map[string]frame{}
	for _, fourcc := range rawFormats {
		for _, stride := range []int{0, 120} {
			f := Format{FourCC: fourcc, Width: 33, Height: 17, Stride: stride}
			all[fmt.Sprintf("%v stride %d", fourcc, stride)] = frame{f, fill(f, 100, 90, 150)}
		}
	}
	for _, name := range []string{"baseline", "grey", "progressive", "arithmetic", "progressive-arithmetic", "restarts"} {
		all[name+" JPEG"] = frame{Format{FourCC: MJPEG}, jpegFile(t, name)}
	}
	all["JPEG without tables"] = frame{Format{FourCC: MJPEG}, withoutDHT(jpegFile(t, "baseline"))}
	return all
}

type frame struct {
	format Format
	data   []byte
}

func jpegFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "jpeg", name+".jpg"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Frames of broken cameras: Decode decodes each or refuses it with the right error. It reads nothing beyond the frame and writes
// nothing beyond the result. The next good frame decodes as before.
func TestBadFrames(t *testing.T) {
	testkit.Slow(t)
	for name, good := range frames(t) {
		t.Run(name, func(t *testing.T) {
			const size = 3 * 33 * 17
			d := newDecoder(t, 33, 17) // the result shows the whole picture
			src, dst := newGuard(t, 8<<10), newGuard(t, size).last(size)
			want := make([]byte, len(dst))
			if err := d.Decode(want, good.format, good.data); err != nil {
				t.Fatal(err)
			}
			expect := func(what string, data []byte, allowed ...error) {
				t.Helper()
				first, last := src.put(data)
				for _, data := range [][]byte{first, last} {
					err := d.Decode(dst, good.format, data)
					ok := false
					for _, a := range allowed {
						ok = ok || a == nil && err == nil || a != nil && errors.Is(err, a)
					}
					if !ok {
						t.Errorf("%s: error %v, want one of %v", what, err, allowed)
					}
				}
				if err := d.Decode(dst, good.format, good.data); err != nil || !bytes.Equal(dst, want) {
					t.Fatalf("a good frame after %s: error %v, the same pixels %v", what, err, bytes.Equal(dst, want))
				}
			}
			expect("whole", good.data, nil)
			expect("empty", nil, ErrCorrupt)
			expect("longer than announced", append(bytes.Clone(good.data), make([]byte, 1000)...), nil)
			for n := range good.data {
				// The last line may lack its padding, and a JPEG the bytes after its last block.
				expect(fmt.Sprintf("cut to %d of %d", n, len(good.data)), good.data[:n], ErrCorrupt, whole(good, n))
			}
			random := rand.New(rand.NewPCG(1, 2))
			for range 300 {
				spoilt := bytes.Clone(good.data)
				for range 1 + random.IntN(8) {
					spoilt[random.IntN(len(spoilt))] = byte(random.Uint32())
				}
				expect("spoilt", spoilt, nil, ErrCorrupt, ErrUnsupported)
				for i := range spoilt {
					spoilt[i] = byte(random.Uint32())
				}
				expect("garbage", spoilt, nil, ErrCorrupt, ErrUnsupported)
			}
		})
	}
}

// whole is nil where the first n bytes of the frame may hold the whole picture.
func whole(f frame, n int) error {
	if f.format.Stride > 0 && n > len(f.data)-f.format.Stride {
		return nil
	}
	return ErrCorrupt
}

// Every size from one pixel to 8K, with any padding, in memory that ends with the picture.
func TestSizes(t *testing.T) {
	testkit.Slow(t)
	src, dst := newGuard(t, 3*7680*4320), newGuard(t, 3*40*40)
	copy(src.room, bytes.Repeat([]byte{128}, len(src.room)))
	for _, fourcc := range rawFormats {
		sizes := [][2]int{{7680, 4320}, {8192, 1}, {1, 8192}}
		for w := 1; w < 40; w++ {
			sizes = append(sizes, [2]int{w, 1}, [2]int{w, 2}, [2]int{w, 17}, [2]int{17, w})
		}
		for _, size := range sizes {
			f := Format{FourCC: fourcc, Width: size[0], Height: size[1]}
			// A result of the picture's own aspect shows the whole picture.
			w, h := f.Width, f.Height
			if w*h > 40*40 {
				w, h = max(1, w/256), max(1, h/256)
			}
			d := newDecoder(t, w, h)
			for _, data := range [][]byte{src.first(f.Bytes()), src.last(f.Bytes())} {
				if err := d.Decode(dst.last(3*w*h), f, data); err != nil {
					t.Fatalf("%v: %v", f, err)
				}
				if err := d.Decode(dst.last(3*w*h), f, data[:len(data)-1]); !errors.Is(err, ErrCorrupt) {
					t.Fatalf("%v without its last byte: error %v, want ErrCorrupt", f, err)
				}
			}
		}
	}
	d := newDecoder(t, 24, 16)
	picture := make([]byte, 3*24*16)
	for _, size := range [][2]int{{1, 1}, {4096, 4096}, {8192, 2048}, {8192, 1}} {
		data, err := EncodeJPEG(bytes.Repeat([]byte{200}, 3*size[0]*size[1]), size[0], size[1], 80)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(picture, Format{FourCC: MJPEG}, data); err != nil || picture[0] < 190 {
			t.Errorf("JPEG of %v: error %v, value %d", size, err, picture[0])
		}
	}
}

// The pictures of a stream may change their size.
func TestSizeChangesInMidStream(t *testing.T) {
	d := newDecoder(t, 24, 18)
	dst := make([]byte, 3*24*18)
	for _, size := range [][2]int{{64, 48}, {640, 480}, {1, 1}, {33, 17}, {1280, 720}, {64, 48}} {
		m := scene(size[0], size[1])
		if err := d.Decode(dst, Format{FourCC: MJPEG}, goJPEG(t, m)); err != nil {
			t.Errorf("%v: %v", size, err)
		}
		if diff := meanDiff(t, dst, areaRGB(m, 24, 18)); size[0] >= 64 && diff > 3 {
			t.Errorf("%v: mean difference to the area average %.2f levels", size, diff)
		}
	}
}

// Kinds of JPEG that no camera sends decode correctly or are refused by name.
func TestKindsOfJPEG(t *testing.T) {
	want := make([]byte, 3*33*17)
	d := newDecoder(t, 33, 17)
	if err := d.Decode(want, Format{FourCC: MJPEG}, jpegFile(t, "baseline")); err != nil {
		t.Fatal(err)
	}
	for name, refusal := range map[string]string{
		"progressive": "", "arithmetic": "", "progressive-arithmetic": "", "restarts": "", "411": "", "grey": "",
		"cmyk": "CMYK", "rgb": "RGB", "twelve-bit": "precision 12", "lossless": "SOF type 0xc3",
	} {
		got := make([]byte, len(want))
		err := d.Decode(got, Format{FourCC: MJPEG}, jpegFile(t, name))
		if refusal != "" {
			if err == nil || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) || !bytes.Contains([]byte(err.Error()), []byte(refusal)) {
				t.Errorf("%s: error %v, want one with %q", name, err, refusal)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := meanDiff(t, got, want); name != "grey" && name != "411" && diff > 6 { // these have less colour
			t.Errorf("%s: %.2f levels from the same as a baseline JPEG", name, diff)
		}
	}
}
