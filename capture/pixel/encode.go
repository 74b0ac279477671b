package pixel

/*
#include "encode.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// EncodeJPEG returns RGB [height,width,3] as a JPEG of quality 1 to 100, with the usual 4:2:0 subsampling.
func EncodeJPEG(rgb []byte, width, height, quality int) ([]byte, error) {
	if err := encodable(rgb, width, height, quality); err != nil {
		return nil, err
	}
	out := make([]byte, C.pixel_jpeg_bound(C.int(width), C.int(height)))
	n := C.pixel_jpeg_encode((*C.uint8_t)(unsafe.SliceData(rgb)), C.int(width), C.int(height), C.int(quality),
		(*C.uint8_t)(unsafe.SliceData(out)), C.size_t(len(out)))
	if n == 0 {
		return nil, fmt.Errorf("pixel: JPEG of %dx%d pixels: the encoder refused", width, height)
	}
	return out[:n], nil
}

// JPEGSize reads width and height from the header of a JPEG, of any kind that a Decoder reads. ShownSize is the size for people.
func JPEGSize(jpeg []byte) (width, height int, err error) {
	var w, h C.int
	if C.pixel_jpeg_size((*C.uint8_t)(unsafe.SliceData(jpeg)), C.size_t(len(jpeg)), &w, &h) == 0 {
		return 0, 0, fmt.Errorf("pixel: JPEG: %w: no header", ErrCorrupt)
	}
	return int(w), int(h), nil
}
