package pixel

/*
#cgo noescape pixel_jpeg_encode_with
#cgo nocallback pixel_jpeg_encode_with
#include "encode.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// Encoder writes JPEGs one after the other. It keeps its memory in between, so that in steady state it allocates nothing. Only one
// goroutine at a time may use it.
type Encoder struct {
	c   unsafe.Pointer
	out []byte
}

// NewEncoder makes an Encoder. Close frees it.
func NewEncoder() (*Encoder, error) {
	c := C.pixel_jpeg_new()
	if c == nil {
		return nil, errors.New("pixel: no memory for a JPEG encoder")
	}
	return &Encoder{c: c}, nil
}

// Encode is EncodeJPEG; the result is valid until the next call.
func (e *Encoder) Encode(rgb []byte, width, height, quality int) ([]byte, error) {
	if err := encodable(rgb, width, height, quality); err != nil {
		return nil, err
	}
	if need := int(C.pixel_jpeg_bound(C.int(width), C.int(height))); cap(e.out) < need {
		e.out = make([]byte, need)
	}
	out := e.out[:cap(e.out)]
	n := C.pixel_jpeg_encode_with(e.c, (*C.uint8_t)(unsafe.SliceData(rgb)), C.int(width), C.int(height), C.int(quality),
		(*C.uint8_t)(unsafe.SliceData(out)), C.size_t(len(out)))
	if n == 0 {
		return nil, fmt.Errorf("pixel: JPEG of %dx%d pixels: the encoder refused", width, height)
	}
	return out[:n], nil
}

// Wipe erases the last picture.
func (e *Encoder) Wipe() { clear(e.out[:cap(e.out)]) }

// Close frees the memory that C holds. A second call does nothing.
func (e *Encoder) Close() {
	C.pixel_jpeg_free(e.c)
	e.c = nil
}

func encodable(rgb []byte, width, height, quality int) error {
	if width < 1 || height < 1 || width > maxSide || height > maxSide || len(rgb) != 3*width*height || quality < 1 || quality > 100 {
		return fmt.Errorf("pixel: JPEG of %dx%d pixels in %d bytes, quality %d: refused", width, height, len(rgb), quality)
	}
	return nil
}
