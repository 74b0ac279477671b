package follow

/*
#include "finder.h"
*/
import "C"

import "math"

const (
	// splitWidth is the width, in heights, from which a region may be two people side by side.
	splitWidth = 0.62
	// splitValley is the greatest part of the lower of two peaks that the valley between them may have.
	splitValley = 0.55
	// splitPeak is the least height of a peak, as a part of the region's height.
	splitPeak = 0.4
)

// split adds the region to the blobs: in two parts if a deep valley between two upright shapes runs through it, as between people who walk
// side by side. What is wide by nature, a dog or a car, has no such valley.
func (f *finder) split(b [4]C.int) {
	if at := f.valley(b); at > 0 {
		left, right := b, b
		left[2], right[0], right[2] = at, b[0]+at, b[2]-at
		C.follow_tighten(f.c, &left[0])
		C.follow_tighten(f.c, &right[0])
		f.split(left)
		f.split(right)
		return
	}
	if len(f.blobs) < maxBlobs {
		f.blobs = append(f.blobs, blob{box{float64(b[0]), float64(b[1]), float64(b[0] + b[2]), float64(b[1] + b[3])}})
	}
}

// valley returns the column between two upright shapes, or 0.
func (f *finder) valley(b [4]C.int) C.int {
	w, h := int(b[2]), float64(b[3])
	if float64(w) < splitWidth*h || w < 12 {
		return 0
	}
	C.follow_columns(f.c, &b[0], (*C.uint16_t)(&f.columns[0]))
	columns := smooth(f.columns[:w])
	best, at := math.Inf(1), 0
	left := 0.0
	for x := w / 6; x < w-w/6; x++ {
		left = max(left, highest(columns[:x]))
		right := highest(columns[x:])
		lower := min(left, right)
		if lower < splitPeak*h {
			continue
		}
		if depth := float64(columns[x]) / lower; depth < splitValley && depth < best {
			best, at = depth, x
		}
	}
	return C.int(at)
}

func highest(columns []uint16) float64 {
	var most uint16
	for _, c := range columns {
		most = max(most, c)
	}
	return float64(most)
}

// smooth replaces each count by the mean of itself and its neighbours.
func smooth(columns []uint16) []uint16 {
	before := columns[0]
	for x := 1; x+1 < len(columns); x++ {
		now := columns[x]
		columns[x] = (before + now + columns[x+1]) / 3
		before = now
	}
	return columns
}
