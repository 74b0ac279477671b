// Package pixel turns a camera's pictures into RGB at the size a model wants, by libturbojpeg and libyuv.
package pixel

/*
#cgo CFLAGS: -O3
#cgo LDFLAGS: -l:libturbojpeg.a -l:libyuv.a -lm
#cgo noescape pixel_decode
#cgo nocallback pixel_decode
#include "decode.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"edged/capture/picture"
)

var (
	// ErrCorrupt marks a damaged frame: drop it, the next may be whole.
	ErrCorrupt = errors.New("corrupt frame")
	// ErrUnsupported marks a kind of frame that will never decode: another camera format is needed.
	ErrUnsupported = errors.New("unsupported frame")
)

// Bounds of a picture's side in pixels, in or out, and of a line's length in bytes.
const (
	maxSide   = C.PIXEL_MAX_SIDE
	maxStride = C.PIXEL_MAX_STRIDE
)

const maxAreas = picture.MaxAreas

// The C side has room for exactly as many: a difference makes one of these negative, which does not compile.
const (
	_ = uint(maxAreas - C.PIXEL_MAX_AREAS)
	_ = uint(C.PIXEL_MAX_AREAS - maxAreas)
)

// Decoder turns pictures of any supported Format into RGB of one size, of the whole or of several of its areas: the picture
// is decoded once, and each area is scaled by itself. It is not safe for concurrent use.
type Decoder struct {
	c             *C.struct_pixel_decoder
	width, height int
	masks         []mask // by area
}

// NewDecoder makes a Decoder whose results are width x height pixels for each area; without areas, of the whole picture.
// Close frees its C memory.
func NewDecoder(width, height int, areas ...Area) (*Decoder, error) {
	if len(areas) == 0 {
		areas = []Area{{Width: 1, Height: 1}}
	}
	if len(areas) > maxAreas {
		return nil, fmt.Errorf("pixel: %d areas; at most %d", len(areas), maxAreas)
	}
	c := make([]C.struct_pixel_area, len(areas))
	for i, a := range areas {
		if !a.Within() {
			return nil, fmt.Errorf("pixel: area %v: must lie within 0 to 1 of the picture, and have an inside", a)
		}
		c[i] = C.struct_pixel_area{C.double(a.X), C.double(a.Y), C.double(a.Width), C.double(a.Height)}
	}
	return makeDecoder(width, height, c)
}

func makeDecoder(width, height int, areas []C.struct_pixel_area) (*Decoder, error) {
	if width < 1 || height < 1 || width > maxSide || height > maxSide {
		return nil, fmt.Errorf("pixel: decoder for %dx%d pixels: sides must be 1 to %d", width, height, maxSide)
	}
	c := C.pixel_new(C.int(width), C.int(height), C.int(len(areas)), &areas[0])
	if c == nil {
		return nil, fmt.Errorf("pixel: decoder for %dx%d pixels: out of memory", width, height)
	}
	return &Decoder{c: c, width: width, height: height, masks: make([]mask, len(areas))}, nil
}

// Decode writes src into dst: [areas,height,width,3] RGB, row-major, exactly that long. Each area is cropped about its
// centre to the decoder's aspect and scaled. src is only read, and only during the call; bytes after the picture are ignored.
//
// JPEG is decoded at the smallest power-of-two scale that does not show in dst (inverse DCT of fewer coefficients). JPEG's
// Y'CbCr is BT.601. On an error, which wraps ErrCorrupt or ErrUnsupported where that is the frame's fault, dst
// is undefined.
func (d *Decoder) Decode(dst []byte, f Format, src []byte) error {
	return d.DecodeAreas(dst, f, src, ^uint32(0))
}

// DecodeAreas is Decode for the areas whose bit is set in wanted, area 0's being the lowest. The others' part of dst stays as
// it is.
func (d *Decoder) DecodeAreas(dst []byte, f Format, src []byte, wanted uint32) error {
	if d.c == nil {
		return errors.New("pixel: Decode after Close")
	}
	if len(src) == 0 {
		return fmt.Errorf("pixel: %v: %w: no data", f, ErrCorrupt)
	}
	// C checks these again, but a value beyond 32 bits would wrap around on its way there.
	if uint(f.Width) > maxSide || uint(f.Height) > maxSide || uint(f.Stride) > maxStride {
		return fmt.Errorf("pixel: %v, stride %d: %w: at most %d pixels a side and %d bytes a line",
			f, f.Stride, ErrUnsupported, maxSide, maxStride)
	}
	var colour C.int
	if f.FullRange {
		colour |= C.PIXEL_FULL_RANGE
	}
	if f.BT709 {
		colour |= C.PIXEL_BT709
	}
	status := C.pixel_decode(d.c, C.uint32_t(f.FourCC), C.int(f.Width), C.int(f.Height), C.int(f.Stride), colour,
		(*C.uint8_t)(unsafe.SliceData(src)), C.size_t(len(src)), C.uint32_t(wanted), (*C.uint8_t)(unsafe.SliceData(dst)), C.size_t(len(dst)))
	if status == C.PIXEL_OK {
		d.blacken(dst, wanted)
		return nil
	}
	return d.err(f, status)
}

func (d *Decoder) err(f Format, status C.int) error {
	reason := C.GoString(C.pixel_message(d.c))
	switch status {
	case C.PIXEL_CORRUPT:
		return fmt.Errorf("pixel: %v: %w: %s", f, ErrCorrupt, reason)
	case C.PIXEL_UNSUPPORTED:
		return fmt.Errorf("pixel: %v: %w: %s", f, ErrUnsupported, reason)
	}
	return fmt.Errorf("pixel: %v: %s", f, reason)
}

// Timing switches the measuring of Times on or off. Off is the default.
func (d *Decoder) Timing(on bool) {
	var v C.int
	if on {
		v = 1
	}
	C.pixel_timing(d.c, v)
}

// Times returns the CPU time that Decode has taken so far, while Timing was on, in getting at the planes (entropy decoding
// and inverse DCT, or unpacking) and in scaling and converting them.
func (d *Decoder) Times() (decode, scale time.Duration) {
	var decodeNS, scaleNS C.uint64_t
	C.pixel_times(d.c, &decodeNS, &scaleNS)
	return time.Duration(decodeNS), time.Duration(scaleNS)
}

// Wipe leaves nothing of the pictures that were decoded in the decoder's memory.
func (d *Decoder) Wipe() { C.pixel_wipe(d.c) }

// Close frees the decoder's memory; Decode must not be called afterwards. A second Close does nothing.
func (d *Decoder) Close() {
	C.pixel_free(d.c)
	d.c = nil
}
