package follow

/*
#cgo noescape follow_cut
#cgo nocallback follow_cut
#include "cut.h"
*/
import "C"

import "math"

const (
	// cropShare is the part of a crop's side that the target's way through a window takes.
	cropShare = 0.74
	// cropStep is the ratio of one size of crops to the next. Sizes in steps keep a crop from breathing.
	cropStep = 1.25
	// cropSmallest is the least side of a crop in pixels: less would be mostly interpolation.
	cropSmallest = 40
	// cropLoosest is how many times larger than needed a crop may become before it is placed anew.
	cropLoosest = 1.6
)

// place returns the square to cut for a target that went through extent during a window. It keeps the square of the window before as long as the
// target stays inside: the model learned from cameras that stand still.
func place(before, extent box, width, height float64) box {
	side := max(extent.width(), extent.height())/cropShare + 2
	// The next step up.
	side = cropSmallest * math.Pow(cropStep, math.Ceil(math.Log(max(side, cropSmallest)/cropSmallest)/math.Log(cropStep)))
	side = min(side, width, height)
	inside := box{0, 0, width, height}
	if before.area() > 0 && before.contains(extent.intersection(inside)) && before.width() < cropLoosest*side {
		return before
	}
	x := min(max(extent.centreX()-side/2, 0), width-side)
	y := min(max(extent.centreY()-side/2, 0), height-side)
	return box{math.Round(x), math.Round(y), math.Round(x) + math.Floor(side), math.Round(y) + math.Floor(side)}
}

// cut scales the square of rgb [height,width,3] to out [size,size,3].
func cut(out []byte, size int, rgb []byte, width, height int, square box) {
	C.follow_cut((*C.uint8_t)(&rgb[0]), C.int(width), C.int(height), C.double(square.x0), C.double(square.y0), C.double(square.width()),
		(*C.uint8_t)(&out[0]), C.int(size))
}
