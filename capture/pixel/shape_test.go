package pixel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"testing"
)

// brightness is that of the test picture as it is shown, at x, y from 0 to 1. The picture looks different however it is turned.
func brightness(x, y float64) float64 { return 40 + 120*x + 60*y }

// store renders the scene as a camera would send it: a plane of width x height, turned, squeezed and with a border to be cropped.
func store(f Format) []byte {
	plane := make([]byte, f.Width*f.Height)
	width, height := f.Width-f.Crop.Left-f.Crop.Right, f.Height-f.Crop.Top-f.Crop.Bottom
	for i := range plane {
		u := (float64(i%f.Width-f.Crop.Left) + 0.5) / float64(width)
		v := (float64(i/f.Width-f.Crop.Top) + 0.5) / float64(height)
		if u < 0 || u > 1 || v < 0 || v > 1 {
			plane[i] = 255 // the border
			continue
		}
		plane[i] = byte(brightness(shownAt(f.Orientation, u, v)))
	}
	return plane
}

// shownAt is where a place of the stored picture is shown, by the table of EXIF 2.32, section 4.6.4.
func shownAt(o Orientation, u, v float64) (x, y float64) {
	switch o {
	case 2:
		return 1 - u, v
	case 3:
		return 1 - u, 1 - v
	case 4:
		return u, 1 - v
	case 5:
		return v, u
	case 6:
		return 1 - v, u
	case 7:
		return 1 - v, 1 - u
	case 8:
		return v, 1 - u
	}
	return u, v
}

// encodeAs makes a frame of the format's FourCC from a plane of brightness, without colour.
func encodeAs(t *testing.T, f Format, plane []byte) []byte {
	t.Helper()
	switch f.FourCC {
	case MJPEG:
		var b bytes.Buffer
		m := &image.Gray{Pix: plane, Stride: f.Width, Rect: image.Rect(0, 0, f.Width, f.Height)}
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 98}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	case RGB24:
		out := make([]byte, 0, 3*len(plane))
		for _, v := range plane {
			out = append(out, v, v, v)
		}
		return out
	case YUYV:
		out := make([]byte, 0, 2*len(plane))
		for _, v := range plane {
			out = append(out, v, 128)
		}
		return out
	}
	return append(bytes.Clone(plane), bytes.Repeat([]byte{128}, f.Bytes()-len(plane))...)
}

// mustShow checks the result against the scene: its centre, of the result's aspect, with the picture's true proportions.
func mustShow(t *testing.T, what string, f Format, rgb []byte, width, height int) {
	t.Helper()
	shownWidth, shownHeight := float64(f.Width-f.Crop.Left-f.Crop.Right), float64(f.Height-f.Crop.Top-f.Crop.Bottom)
	if f.PixelWidth > 0 && f.PixelHeight > 0 {
		shownWidth *= float64(f.PixelWidth) / float64(f.PixelHeight)
	}
	if f.Orientation > 4 {
		shownWidth, shownHeight = shownHeight, shownWidth
	}
	partX := min(1, float64(width)/float64(height)/(shownWidth/shownHeight))
	partY := min(1, shownWidth/shownHeight/(float64(width)/float64(height)))
	for y := range height {
		for x := range width {
			want := brightness(0.5+((float64(x)+0.5)/float64(width)-0.5)*partX, 0.5+((float64(y)+0.5)/float64(height)-0.5)*partY)
			if got := float64(rgb[3*(y*width+x)]); math.Abs(got-want) > 6 { // the crop begins and ends at whole chroma samples
				t.Errorf("%s: pixel %d,%d is %v, want %.1f", what, x, y, got, want)
				return
			}
		}
	}
}

func crop(left, top, right, bottom int) Crop {
	return Crop{Left: left, Top: top, Right: right, Bottom: bottom}
}

var shapes = [][2]int{{0, 0}, {1, 1}, {2, 1}, {1, 2}, {59, 54}, {10, 11}}

// A picture is shown upright, cropped and with its true proportions, whatever its format.
func TestFormatsShape(t *testing.T) {
	for _, fourcc := range []FourCC{Grey, YUYV, NV12, YUV420, YUV422, YUV444, RGB24, MJPEG} {
		for orientation := range Orientation(9) {
			for _, shape := range shapes {
				for _, border := range []Crop{{}, crop(8, 4, 10, 6), crop(3, 5, 7, 9)} {
					f := Format{FourCC: fourcc, Width: 128, Height: 96, FullRange: true, Crop: border, Orientation: orientation, PixelWidth: shape[0], PixelHeight: shape[1]}
					if fourcc == MJPEG && f.Crop.Left == 3 {
						continue // the encoder smears the border over it
					}
					data := encodeAs(t, f, store(f))
					for _, size := range [][2]int{{24, 24}, {40, 24}, {20, 30}} {
						d := newDecoder(t, size[0], size[1])
						rgb := make([]byte, 3*size[0]*size[1])
						if err := d.Decode(rgb, f, data); err != nil {
							t.Fatalf("%v: %v", f, err)
						}
						mustShow(t, fmt.Sprintf("%v orientation %d pixels %v crop %v to %v", f, orientation, shape, border, size), f, rgb, size[0], size[1])
						d.Close()
					}
				}
			}
		}
	}
}

// withSegments puts segments behind a JPEG's first marker.
func withSegments(data []byte, segments ...[]byte) []byte {
	out := bytes.Clone(data[:2])
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(out, data[2:]...)
}

func segment(marker byte, body []byte) []byte {
	return append([]byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

// jfif is an APP0 segment: the shape of a pixel for unit 0, else that many pixels across and down for the same length.
func jfif(unit byte, across, down uint16) []byte {
	body := append([]byte("JFIF\x00\x01\x02"), unit)
	body = binary.BigEndian.AppendUint16(body, across)
	body = binary.BigEndian.AppendUint16(body, down)
	return segment(0xe0, append(body, 0, 0))
}

// exif is an APP1 segment with an orientation after another entry.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	body := []byte("Exif\x00\x00MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		body = []byte("Exif\x00\x00II")
	}
	body = order.AppendUint16(body, 42)
	body = order.AppendUint32(body, 8)
	body = order.AppendUint16(body, 2)
	for _, entry := range [][2]uint16{{0x0100, 7}, {0x0112, orientation}} {
		body = order.AppendUint16(body, entry[0])
		body = order.AppendUint16(body, 3) // SHORT
		body = order.AppendUint32(body, 1)
		body = order.AppendUint16(body, entry[1])
		body = order.AppendUint16(body, 0)
	}
	return segment(0xe1, order.AppendUint32(body, 0))
}

// A JPEG's own header says how it is shown, unless the format does.
func TestJPEGHeadersShape(t *testing.T) {
	for orientation := Orientation(1); orientation <= 8; orientation++ {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			f := Format{FourCC: MJPEG, Width: 128, Height: 96, Orientation: orientation, PixelWidth: 3, PixelHeight: 2}
			data := withSegments(encodeAs(t, f, store(f)), jfif(0, 3, 2), exif(order, uint16(orientation)))
			rgb := make([]byte, 3*24*24)
			d := newDecoder(t, 24, 24)
			if err := d.Decode(rgb, Format{FourCC: MJPEG}, data); err != nil {
				t.Fatal(err)
			}
			mustShow(t, fmt.Sprintf("orientation %d, %v", orientation, order), f, rgb, 24, 24)
			if err := d.Decode(rgb, Format{FourCC: MJPEG}, withSegments(encodeAs(t, f, store(f)), jfif(1, 72, 108), exif(order, uint16(orientation)))); err != nil {
				t.Fatal(err)
			}
			mustShow(t, fmt.Sprintf("orientation %d, %v, density with a unit", orientation, order), f, rgb, 24, 24)
			overruled := withSegments(encodeAs(t, f, store(f)), jfif(1, 144, 72), exif(order, uint16(orientation%8+1)))
			if err := d.Decode(rgb, Format{FourCC: MJPEG, Orientation: orientation, PixelWidth: 3, PixelHeight: 2}, overruled); err != nil {
				t.Fatal(err)
			}
			mustShow(t, fmt.Sprintf("orientation %d, %v, by the format", orientation, order), f, rgb, 24, 24)
			d.Close()
		}
	}
}

// What a header says that makes no sense changes nothing.
func TestJPEGHeadersNonsense(t *testing.T) {
	f := Format{FourCC: MJPEG, Width: 128, Height: 96}
	plain := encodeAs(t, f, store(f))
	long := exif(binary.BigEndian, 6)
	far := bytes.Clone(long)
	binary.BigEndian.PutUint32(far[4+6+4:], 0xfffffff0) // the directory's offset
	many := bytes.Clone(long)
	binary.BigEndian.PutUint16(many[4+6+8:], 0xffff) // entries
	binary.BigEndian.PutUint16(many[4+6+8+2+12:], 0) // none of them an orientation
	for what, s := range map[string][]byte{
		"density of 0": jfif(0, 0, 3), "extreme density": jfif(0, 1, 5), "short JFIF": segment(0xe0, []byte("JFIF\x00\x01\x02\x00\x00\x02\x00")),
		"orientation 0": exif(binary.BigEndian, 0), "orientation 9": exif(binary.LittleEndian, 9), "far directory": far, "many entries": many,
		"short EXIF": segment(0xe1, []byte("Exif\x00\x00MM\x00*\x00\x00\x00")), "other APP1": segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/")),
	} {
		d := newDecoder(t, 24, 24)
		rgb := make([]byte, 3*24*24)
		if err := d.Decode(rgb, Format{FourCC: MJPEG}, withSegments(plain, s)); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		mustShow(t, what, f, rgb, 24, 24)
		d.Close()
	}
}

func TestFormatsShapeRefused(t *testing.T) {
	plane := make([]byte, 64*48)
	for what, f := range map[string]Format{
		"all cropped": {Crop: Crop{Left: 32, Right: 32}}, "negative crop": {Crop: Crop{Top: -1}}, "crop beyond": {Crop: Crop{Bottom: 1 << 40}},
		"orientation": {Orientation: 9}, "negative orientation": {Orientation: -1}, "pixels": {PixelWidth: 1 << 16, PixelHeight: 1},
		"negative pixels": {PixelWidth: -1, PixelHeight: 1},
	} {
		f.FourCC, f.Width, f.Height = Grey, 64, 48
		d := newDecoder(t, 8, 8)
		if err := d.Decode(make([]byte, 3*8*8), f, plane); err == nil {
			t.Errorf("%s: no error", what)
		}
		d.Close()
	}
}

// Areas and masks are of the picture as it is shown.
func TestAreasAndMasksFollowTheShape(t *testing.T) {
	for orientation := Orientation(1); orientation <= 8; orientation++ {
		f := Format{FourCC: Grey, Width: 128, Height: 96, FullRange: true, Orientation: orientation, PixelWidth: 3, PixelHeight: 4, Crop: crop(10, 20, 6, 4)}
		d, err := NewDecoder(20, 20, Area{Width: 1, Height: 1}, Area{X: 0.5, Width: 0.5, Height: 0.5}) // all, and the upper right quarter
		if err != nil {
			t.Fatal(err)
		}
		d.Mask([][]Point{{{0, 0}, {0.3, 0}, {0.3, 1}, {0, 1}}}) // the left
		rgb := make([]byte, 2*3*20*20)
		if err := d.Decode(rgb, f, store(f)); err != nil {
			t.Fatal(err)
		}
		whole, quarter := rgb[:3*20*20], rgb[3*20*20:]
		row := whole[3*20*10:]
		if row[0] != 0 || row[3*19] == 0 {
			t.Errorf("orientation %d: the mask is not at the left: %v", orientation, row[:60])
		}
		if got := float64(quarter[3*(20*10+10)]); math.Abs(got-brightness(0.75, 0.25)) > 6 {
			t.Errorf("orientation %d: the middle of the upper right quarter is %v, want %v", orientation, got, brightness(0.75, 0.25))
		}
		d.Close()
	}
}

func TestShownSize(t *testing.T) {
	jpegs := withSegments(encodeAs(t, Format{FourCC: MJPEG, Width: 128, Height: 96}, make([]byte, 128*96)), jfif(2, 1, 2), exif(binary.BigEndian, 6))
	for _, c := range []struct {
		f             Format
		data          []byte
		width, height int
	}{
		{Format{FourCC: Grey, Width: 64, Height: 48}, nil, 64, 48},
		{Format{FourCC: Grey, Width: 720, Height: 576, PixelWidth: 64, PixelHeight: 45}, nil, 1024, 576},
		{Format{FourCC: Grey, Width: 720, Height: 480, PixelWidth: 8, PixelHeight: 9}, nil, 720, 540},
		{Format{FourCC: Grey, Width: 64, Height: 48, Crop: crop(1, 2, 3, 4), Orientation: Turned90}, nil, 42, 60},
		{Format{FourCC: MJPEG}, jpegs, 96, 256},
		{Format{FourCC: MJPEG, PixelWidth: 1, PixelHeight: 1, Orientation: Upright}, jpegs, 128, 96},
		{Format{FourCC: Grey, Width: 8192, Height: 1, PixelWidth: 65535, PixelHeight: 1}, nil, 8192, 1},
	} {
		if w, h, err := ShownSize(c.f, c.data); w != c.width || h != c.height || err != nil {
			t.Errorf("%+v: %dx%d, %v; want %dx%d", c.f, w, h, err, c.width, c.height)
		}
	}
	if _, _, err := ShownSize(Format{FourCC: MJPEG}, []byte("no JPEG")); err == nil {
		t.Error("a size of what is no JPEG")
	}
}
