package pixel

/*
#cgo noescape pixel_jpeg_format
#cgo nocallback pixel_jpeg_format
#include "decode.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// ShownSize is the size in square pixels at which nothing of a picture is lost: cropped, turned and stretched as it is meant to be
// shown. A JPEG's own header counts where the format says nothing.
func ShownSize(f Format, data []byte) (width, height int, err error) {
	c, err := forC(f)
	if err != nil {
		return 0, 0, err
	}
	if f.FourCC.Compressed() && C.pixel_jpeg_format((*C.uint8_t)(unsafe.SliceData(data)), C.size_t(len(data)), &c) == 0 {
		return 0, 0, fmt.Errorf("pixel: JPEG: %w: no header", ErrCorrupt)
	}
	width, height = int(c.width-c.crop_left-c.crop_right), int(c.height-c.crop_top-c.crop_bottom)
	if width < 1 || height < 1 {
		return 0, 0, fmt.Errorf("pixel: %v, crop %v: %w: nothing is left", f, f.Crop, ErrUnsupported)
	}
	across, down := int(c.pixel_width), int(c.pixel_height)
	switch {
	case down > 0 && across > down:
		width = min(maxSide, max(1, int(float64(width)*float64(across)/float64(down)+0.5)))
	case across > 0 && down > across:
		height = min(maxSide, max(1, int(float64(height)*float64(down)/float64(across)+0.5)))
	}
	if c.orientation > 4 { // rows and columns change places
		width, height = height, width
	}
	return width, height, nil
}
