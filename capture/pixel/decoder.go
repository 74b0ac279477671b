// Package pixel turns a camera's pictures into RGB at a model's size. It uses libturbojpeg and libyuv.
package pixel

/*
#cgo CFLAGS: -O3
#cgo LDFLAGS: -l:libturbojpeg.a -l:libyuv.a -lm
#cgo noescape pixel_decode
#cgo nocallback pixel_decode
#cgo noescape pixel_times
#cgo nocallback pixel_times
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
	// ErrUnsupported marks a kind of frame that never decodes: the camera must send another format.
	ErrUnsupported = errors.New("unsupported frame")
)

// Bounds of a picture's side in pixels, in or out, and of a line's length in bytes.
const (
	maxSide   = C.PIXEL_MAX_SIDE
	maxStride = C.PIXEL_MAX_STRIDE
)

const maxAreas = picture.MaxAreas

// C has room for exactly as many. A difference would make one of these negative, which does not compile.
const (
	_ = uint(maxAreas - C.PIXEL_MAX_AREAS)
	_ = uint(C.PIXEL_MAX_AREAS - maxAreas)
)

// Decoder turns pictures of any supported Format into RGB of one size: the whole picture, or several areas of it. It decodes a
// picture once and scales each area separately. It is not safe for concurrent use.
type Decoder struct {
	c             *C.struct_pixel_decoder
	width, height int
	masks         []mask // by area
}

// NewDecoder makes a Decoder whose results are width x height pixels for each area. Without areas it shows the whole picture.
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
			return nil, fmt.Errorf("pixel: area %v: must lie within 0 to 1 of the picture, and must not be empty", a)
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

// Decode writes src into dst: [areas,height,width,3] RGB, row-major, exactly that long. It turns the picture as the format says,
// crops each area about its centre to the decoder's aspect, with the shape of the pixels taken into account, and scales it. It only
// reads src, only during the call, and ignores bytes after the picture.
//
// JPEG is decoded at the smallest power-of-two scale that makes no difference in dst (inverse DCT of fewer coefficients). JPEG's
// Y'CbCr is BT.601. After an error dst is undefined. The error wraps ErrCorrupt or ErrUnsupported where the frame is to blame.
func (d *Decoder) Decode(dst []byte, f Format, src []byte) error {
	return d.DecodeAreas(dst, f, src, ^uint32(0))
}

// DecodeAreas is Decode for the areas whose bit is set in selected, the lowest bit for area 0. The others' part of dst stays as it is.
func (d *Decoder) DecodeAreas(dst []byte, f Format, src []byte, selected uint32) error {
	if d.c == nil {
		return errors.New("pixel: Decode after Close")
	}
	if len(src) == 0 {
		return fmt.Errorf("pixel: %v: %w: no data", f, ErrCorrupt)
	}
	format, err := forC(f)
	if err != nil {
		return err
	}
	status := C.pixel_decode(d.c, &format, (*C.uint8_t)(unsafe.SliceData(src)), C.size_t(len(src)), C.uint32_t(selected),
		(*C.uint8_t)(unsafe.SliceData(dst)), C.size_t(len(dst)))
	if status == C.PIXEL_OK {
		d.blacken(dst, selected)
		return nil
	}
	return d.err(f, status)
}

// forC converts the format for C. C checks it again, but a value beyond 32 bits would wrap around before that.
func forC(f Format) (C.struct_pixel_format, error) {
	for _, n := range [...]int{f.Width, f.Height, f.Crop.Left, f.Crop.Top, f.Crop.Right, f.Crop.Bottom} {
		if uint(n) > maxSide {
			return C.struct_pixel_format{}, fmt.Errorf("pixel: %v, crop %v: %w: at most %d pixels a side", f, f.Crop, ErrUnsupported, maxSide)
		}
	}
	if uint(f.Stride) > maxStride {
		return C.struct_pixel_format{}, fmt.Errorf("pixel: %v, stride %d: %w: at most %d bytes a line", f, f.Stride, ErrUnsupported, maxStride)
	}
	if uint(f.PixelWidth) > C.PIXEL_MAX_ASPECT || uint(f.PixelHeight) > C.PIXEL_MAX_ASPECT {
		return C.struct_pixel_format{}, fmt.Errorf("pixel: %v, pixels of %d:%d: %w: at most %d", f, f.PixelWidth, f.PixelHeight, ErrUnsupported, C.PIXEL_MAX_ASPECT)
	}
	var colour C.int
	if f.FullRange {
		colour |= C.PIXEL_FULL_RANGE
	}
	if f.BT709 {
		colour |= C.PIXEL_BT709
	}
	return C.struct_pixel_format{
		fourcc: C.uint32_t(f.FourCC), width: C.int(f.Width), height: C.int(f.Height), stride: C.int(f.Stride), colour: colour,
		pixel_width: C.int(f.PixelWidth), pixel_height: C.int(f.PixelHeight),
		crop_left: C.int(f.Crop.Left), crop_top: C.int(f.Crop.Top), crop_right: C.int(f.Crop.Right), crop_bottom: C.int(f.Crop.Bottom),
		orientation: C.int(f.Orientation),
	}, nil
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

// Timing switches the clocks of Times on or off. They are off at first.
func (d *Decoder) Timing(on bool) {
	var v C.int
	if on {
		v = 1
	}
	C.pixel_timing(d.c, v)
}

// Times returns the CPU time that Decode has taken so far while Timing was on: to decode (entropy decoding and inverse DCT, or
// unpacking), and to scale and convert.
func (d *Decoder) Times() (decode, scale time.Duration) {
	var decodeNS, scaleNS C.uint64_t
	C.pixel_times(d.c, &decodeNS, &scaleNS)
	return time.Duration(decodeNS), time.Duration(scaleNS)
}

// Wipe overwrites everything that the decoder's memory holds of pictures.
func (d *Decoder) Wipe() { C.pixel_wipe(d.c) }

// Close frees the decoder's memory; Decode must not be called afterwards. A second Close does nothing.
func (d *Decoder) Close() {
	C.pixel_free(d.c)
	d.c = nil
}
