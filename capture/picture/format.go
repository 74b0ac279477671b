// Package picture names the pixel formats that edged reads and the areas of a picture. It is pure Go, so that whatever only
// has to name them needs no C library.
package picture

import (
	"fmt"
	"maps"
	"slices"
)

// FourCC is a V4L2 pixel format code: four characters, the first in the lowest byte.
type FourCC uint32

// The formats that edged decodes, by their V4L2 codes (kernel documentation, "Image Formats").
const (
	MJPEG  FourCC = 'M' | 'J'<<8 | 'P'<<16 | 'G'<<24 // one JPEG per frame
	JPEG   FourCC = 'J' | 'P'<<8 | 'E'<<16 | 'G'<<24 // the same under the name some drivers use
	YUYV   FourCC = 'Y' | 'U'<<8 | 'Y'<<16 | 'V'<<24 // packed 4:2:2
	UYVY   FourCC = 'U' | 'Y'<<8 | 'V'<<16 | 'Y'<<24 // the same, chroma first
	NV12   FourCC = 'N' | 'V'<<8 | '1'<<16 | '2'<<24 // luma, then Cb and Cr in turn, 4:2:0
	NV21   FourCC = 'N' | 'V'<<8 | '2'<<16 | '1'<<24 // the same, Cr first
	RGB24  FourCC = 'R' | 'G'<<8 | 'B'<<16 | '3'<<24 // bytes R, G, B
	BGR24  FourCC = 'B' | 'G'<<8 | 'R'<<16 | '3'<<24 // bytes B, G, R
	YVU420 FourCC = 'Y' | 'V'<<8 | '1'<<16 | '2'<<24 // planar 4:2:0, Cr before Cb
	YUV420 FourCC = 'Y' | 'U'<<8 | '1'<<16 | '2'<<24 // planar 4:2:0
	YUV422 FourCC = '4' | '2'<<8 | '2'<<16 | 'P'<<24 // planar 4:2:2
	YUV444 FourCC = '4' | '4'<<8 | '4'<<16 | 'P'<<24 // planar 4:4:4; V4L2 itself has no code for it in one buffer
	Grey   FourCC = 'G' | 'R'<<8 | 'E'<<16 | 'Y'<<24 // luma alone
)

// byName holds the formats that a configuration can name.
var byName = map[string]FourCC{
	"mjpeg": MJPEG, "yuyv": YUYV, "uyvy": UYVY, "nv12": NV12, "nv21": NV21, "yuv420": YUV420, "yvu420": YVU420,
	"rgb24": RGB24, "bgr24": BGR24, "grey": Grey,
}

// Names returns the names of the formats that a configuration can name, sorted.
func Names() []string { return slices.Sorted(maps.Keys(byName)) }

// Named returns the format with that name, as a configuration writes it, or false where there is none.
func Named(name string) (FourCC, bool) {
	code, ok := byName[name]
	return code, ok
}

// String returns the four characters, with unprintable ones as a dot.
func (c FourCC) String() string {
	b := [4]byte{byte(c), byte(c >> 8), byte(c >> 16), byte(c >> 24)}
	for i, v := range b {
		if v < ' ' || v > '~' {
			b[i] = '.'
		}
	}
	return string(b[:])
}

// Compressed reports whether a frame's size in bytes depends on what it shows.
func (c FourCC) Compressed() bool { return c == MJPEG || c == JPEG }

// Supported reports whether edged decodes the format.
func (c FourCC) Supported() bool {
	return c.Compressed() || Format{FourCC: c, Width: 1, Height: 1}.Bytes() > 0
}

// Format describes how one picture lies in memory, and how it is meant to be shown.
type Format struct {
	FourCC FourCC
	// Width and Height are in pixels. A JPEG's own header decides; a JPEG of more than four times as many pixels is refused.
	Width, Height int
	// Stride is the number of bytes from one line to the next, of the luma plane where there are several (a chroma
	// plane's is then the same divided by the horizontal subsampling, rounded up). 0 means no padding.
	Stride int
	// FullRange: luma uses 0..255, not the 16..235 of video. JPEG always does.
	FullRange bool
	// BT709: Y'CbCr uses the matrix of HDTV, not that of BT.601. JPEG never does.
	BT709 bool
	// PixelWidth and PixelHeight are the shape of one pixel as a ratio, each at most 65535. 0 means square, or for a JPEG what its
	// own header says (JFIF's density).
	PixelWidth, PixelHeight int
	// Crop is the border that does not belong to the picture. Areas and masks count from inside it.
	Crop Crop
	// Orientation says how the picture must be turned to stand upright.
	Orientation Orientation
}

// IsPlain reports whether the picture is to be shown as it is: whole, upright and with square pixels.
func (f Format) IsPlain() bool {
	return f.Crop == Crop{} && f.Orientation <= Upright && f.PixelWidth == f.PixelHeight
}

// String is for messages: the pixel format, and the size where it is known.
func (f Format) String() string {
	if f.Width == 0 && f.Height == 0 {
		return f.FourCC.String()
	}
	return fmt.Sprintf("%s %dx%d", f.FourCC, f.Width, f.Height)
}

// Bytes returns the size of a frame without padding. It is 0 for a compressed or unknown format and without a size.
func (f Format) Bytes() int {
	if f.Width <= 0 || f.Height <= 0 {
		return 0
	}
	luma, halfWidth, halfHeight := f.Width*f.Height, (f.Width+1)/2, (f.Height+1)/2
	switch f.FourCC {
	case YUYV, UYVY:
		return halfWidth * 4 * f.Height
	case YUV420, YVU420, NV12, NV21:
		return luma + 2*halfWidth*halfHeight
	case YUV422:
		return luma + 2*halfWidth*f.Height
	case YUV444, RGB24, BGR24:
		return 3 * luma
	case Grey:
		return luma
	}
	return 0
}
