package pixel

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Any JPEG gives an error or a picture. Decode reads no byte beyond it, and the next good one decodes as before.
func FuzzJPEG(f *testing.F) {
	files, err := filepath.Glob("testdata/jpeg/*.jpg")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)*2/3])
	}
	good := jpegFile(f, "baseline")
	f.Add(withoutDHT(good))
	f.Add(withSegments(good, jfif(1, 144, 72), exif(binary.LittleEndian, 6)))
	f.Add(withSegments(good, jfif(0, 3, 1), exif(binary.BigEndian, 5)))
	const size = 3 * 16 * 12
	d, err := NewDecoder(16, 12, at(0, 0, 1, 1), at(0.3, 0.1, 0.7, 0.6))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(d.Close)
	src, dst := newGuard(f, 1<<20), newGuard(f, 2*size).last(2*size)
	want := make([]byte, 2*size)
	if err := d.Decode(want, Format{FourCC: MJPEG}, good); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > len(src.room) {
			return
		}
		_, last := src.put(data)
		_ = d.Decode(dst, Format{FourCC: MJPEG}, last)
		if err := d.Decode(dst, Format{FourCC: MJPEG}, good); err != nil || !bytes.Equal(dst, want) {
			t.Fatalf("a good frame after it: error %v, the same pixels %v", err, bytes.Equal(dst, want))
		}
	})
}

// Any uncompressed format, size, padding, area and shape gives an error or a picture, and no byte beyond either is touched.
func FuzzRaw(f *testing.F) {
	for i := range rawFormats {
		f.Add(byte(i), 5, 3, 0, 0, 5*3*3, uint16(0), uint16(0), uint16(math.MaxUint16), uint16(math.MaxUint16), []byte{})
		f.Add(byte(i), 64, 48, 192, 3, 192*48*3, uint16(9000), uint16(30000), uint16(20000), uint16(1), []byte{3, 5, 7, 2, 59, 54, 6})
		f.Add(byte(i), 1<<31-1, 1, 1<<31-1, 1, 4, uint16(0), uint16(0), uint16(9), uint16(9), []byte{0, 0, 0, 0, 255, 1, 5})
	}
	g := newGuard(f, 1<<20)
	for i := range g.room {
		g.room[i] = byte(i * 7)
	}
	room := newGuard(f, 3*64*64)
	f.Fuzz(func(t *testing.T, kind byte, width, height, stride, colour, n int, x, y, w, h uint16, shape []byte) {
		dst := room.last(2 * 3 * 16 * 12)
		part := func(v uint16) float64 { return float64(v) / math.MaxUint16 }
		d, err := NewDecoder(16, 12, at(0, 0, 1, 1), at(part(x), part(y), part(w), part(h)))
		if err != nil {
			return
		}
		defer d.Close()
		if width*height > 0 && width < 64 && height < 64 { // the result shows the whole picture at its own size
			d.Close()
			if d, err = NewDecoder(width, height); err != nil {
				return
			}
			defer d.Close()
			dst = room.last(3 * width * height)
		}
		format := Format{
			FourCC: rawFormats[int(kind)%len(rawFormats)], Width: width, Height: height, Stride: stride, FullRange: colour&1 > 0, BT709: colour&2 > 0,
		}
		if len(shape) >= 7 {
			format.Crop = crop(int(shape[0]), int(shape[1]), int(int8(shape[2])), int(int8(shape[3])))
			format.PixelWidth, format.PixelHeight, format.Orientation = int(shape[4]), 257*int(shape[5]), Orientation(shape[6]%16)
		}
		data := g.last(int(uint(n) % uint(len(g.room)+1)))
		if err := d.Decode(dst, format, data); err == nil && stride == 0 && len(data) < format.Bytes() {
			t.Fatalf("%v was decoded from %d bytes", format, len(data))
		}
	})
}

// Any mask over any area: Decode ends, and nothing in a triangle is visible.
func FuzzMask(f *testing.F) {
	point := func(values ...float64) (b []byte) {
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	f.Add(point(0.1, 0.1, 0.9, 0.2, 0.5, 0.8), 0.0, 0.0, 1.0, 1.0)
	f.Add(point(0, 0, 1, 1, 1, 0, 0, 1), 0.5, 0.5, 1e-5, 1e-5)
	f.Add(point(math.NaN(), math.Inf(1), 1e300, -1e300, 0.5, 0.5), 0.2, 0.2, 0.1, 0.8)
	f.Add([]byte{1}, 0.0, 0.0, 1.0, 1.0)
	format, data := whiteGrey(160, 120)
	dst := make([]byte, 3*16*12)
	f.Fuzz(func(t *testing.T, coordinates []byte, x, y, w, h float64) {
		var polygon []Point
		inside := true // as the configuration demands
		for ; len(coordinates) >= 16 && len(polygon) < 64; coordinates = coordinates[16:] {
			p := Point{
				math.Float64frombits(binary.LittleEndian.Uint64(coordinates)), math.Float64frombits(binary.LittleEndian.Uint64(coordinates[8:])),
			}
			inside = inside && p.X >= 0 && p.X <= 1 && p.Y >= 0 && p.Y <= 1
			polygon = append(polygon, p)
		}
		area := at(x, y, w, h)
		d, err := NewDecoder(16, 12, area)
		if err != nil {
			return
		}
		defer d.Close()
		d.Mask([][]Point{polygon})
		if err := d.Decode(dst, format, data); err != nil {
			t.Fatal(err)
		}
		if !inside || len(polygon) != 3 {
			return
		}
		middle := Point{(polygon[0].X + polygon[1].X + polygon[2].X) / 3, (polygon[0].Y + polygon[1].Y + polygon[2].Y) / 3}
		shown := d.masks[0].shown
		column, row := int(16*(middle.X-shown.X)/shown.Width), int(12*(middle.Y-shown.Y)/shown.Height)
		if column < 0 || column > 15 || row < 0 || row > 11 || middle.X < shown.X || middle.Y < shown.Y {
			return
		}
		if v := dst[3*(16*row+column)]; v != 0 {
			t.Fatalf("triangle %v of %v: its middle, at %d,%d, shows %d", polygon, area, column, row, v)
		}
	})
}
