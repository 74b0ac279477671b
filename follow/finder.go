package follow

/*
#cgo CFLAGS: -O3
#cgo LDFLAGS: -lm
#cgo noescape follow_find
#cgo nocallback follow_find
#cgo noescape follow_tighten
#cgo nocallback follow_tighten
#cgo noescape follow_likeness
#cgo nocallback follow_likeness
#cgo noescape follow_sharpness
#cgo nocallback follow_sharpness
#cgo noescape follow_accept
#cgo nocallback follow_accept
#cgo noescape follow_columns
#cgo nocallback follow_columns
#cgo noescape follow_paint
#cgo nocallback follow_paint
#include "finder.h"
*/
import "C"

import "fmt"

// cell is the side of the squares, in pixels, in which the finder joins what differs.
const cell = C.FOLLOW_CELL

// finder finds what differs from the background. It learns the background from the pictures themselves, follows slow changes, and does not mistake
// a change of light for something that came. One goroutine uses it.
type finder struct {
	c             *C.struct_follow_finder
	width, height int
	cols, rows    int
	counts        []uint8 // [rows,cols] pixels that differ
	hold          []uint8 // [rows,cols] not 0: the background there must not learn
	part          []int32 // [rows,cols] which blob a cell belongs to; 0: none
	stack         []int32
	columns       []uint16 // [width] pixels that differ
	blobs         []blob
}

// blob is a connected region that differs from the background.
type blob struct{ box box }

func newFinder(width, height int) (*finder, error) {
	c := C.follow_new(C.int(width), C.int(height))
	if c == nil {
		return nil, fmt.Errorf("follow: %dx%d pixels: out of memory", width, height)
	}
	cols, rows := (width+cell-1)/cell, (height+cell-1)/cell
	n := cols * rows
	return &finder{
		c: c, width: width, height: height, cols: cols, rows: rows,
		counts: make([]uint8, n), hold: make([]uint8, n), part: make([]int32, n), stack: make([]int32, 0, n),
		columns: make([]uint16, width),
		blobs:   make([]blob, 0, maxBlobs),
	}, nil
}

// usePlainLoops makes the finder run its plainest code, for tests. The results are the same.
func (f *finder) usePlainLoops() { C.follow_plain(f.c) }

func (f *finder) close() {
	C.follow_free(f.c)
	f.c = nil
}

// forget wipes the background and the newest picture. The next picture becomes the new background.
func (f *finder) forget() {
	C.follow_forget(f.c)
	clear(f.counts)
}

const (
	maxBlobs = 64
	// activePixels of a cell's 16 must differ: fewer is noise, rain or a twig.
	activePixels = 4
	// reachX and reachY join cells that are this near: a person's coat may look like the wall behind it.
	reachX, reachY = 1, 2
	// leastArea is the least part of the square of its height that a region fills: people fill a fifth or more, raindrops less.
	leastArea = 0.1
	// lightLikeness and more, in thousandths, means that only the light changed: the pattern of the background is still there.
	lightLikeness = 720
)

// find returns the regions of rgb [H,W,3] that differ from the background, at most maxBlobs, and whether nearly all of the picture differs, in which
// case the regions mean nothing. smallest is the least height of a region in pixels. The result is valid until the next call.
func (f *finder) find(rgb []byte, smallest float64) (blobs []blob, strange bool) {
	n := C.follow_find(f.c, (*C.uint8_t)(&rgb[0]), (*C.uint8_t)(&f.hold[0]), (*C.uint8_t)(&f.counts[0]))
	f.blobs = f.blobs[:0]
	if n < 0 {
		return nil, false
	}
	if f.everywhere() {
		return nil, true
	}
	clear(f.part)
	for i, count := range f.counts {
		if count >= activePixels && f.part[i] == 0 && len(f.blobs) < maxBlobs {
			f.grow(int32(i), smallest)
		}
	}
	return f.blobs, false
}

const (
	// parts is the number of parts, each way, into which the picture is divided to see whether all of it differs.
	parts = 4
	// partDiffers is the share of a part's cells that must differ.
	partDiffers = 0.15
	// strangeParts of the parts, of 16, mean that the light was switched, or that the camera moves.
	strangeParts = 12
)

// everywhere reports whether something differs in nearly all parts of the picture.
func (f *finder) everywhere() bool {
	strange := 0
	for row := range parts {
		for column := range parts {
			if f.partIsStrange(row, column) {
				strange++
			}
		}
	}
	return strange >= strangeParts
}

// partIsStrange reports whether something differs in the part of the picture in that row and column of parts.
func (f *finder) partIsStrange(row, column int) bool {
	rows, cols := f.rows, f.cols
	active, all := 0, 0
	from, to := ceil(column*cols, parts), ceil((column+1)*cols, parts)
	for r := ceil(row*rows, parts); r < ceil((row+1)*rows, parts); r++ {
		for _, count := range f.counts[r*cols+from : r*cols+to] {
			if count >= activePixels {
				active++
			}
		}
		all += to - from
	}
	return float64(active) > partDiffers*float64(all)
}

// ceil is a/b, rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }

// grow collects the cells that hang together with the first one, and keeps the region if it is large enough and more than a change of light.
func (f *finder) grow(first int32, smallest float64) {
	id := int32(len(f.blobs) + 1)
	area := 0
	x0, y0, x1, y1 := f.cols, f.rows, 0, 0
	f.part[first] = id
	f.stack = append(f.stack[:0], first)
	for len(f.stack) > 0 {
		at := f.stack[len(f.stack)-1]
		f.stack = f.stack[:len(f.stack)-1]
		x, y := int(at)%f.cols, int(at)/f.cols
		area += int(f.counts[at])
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
		f.spread(x, y, id)
	}
	b := [4]C.int{C.int(x0 * cell), C.int(y0 * cell)}
	b[2], b[3] = C.int(min((x1+1)*cell, f.width))-b[0], C.int(min((y1+1)*cell, f.height))-b[1]
	C.follow_tighten(f.c, &b[0])
	if float64(b[3]) < smallest || float64(area) < leastArea*float64(b[3]*b[3]) || C.follow_likeness(f.c, &b[0]) >= lightLikeness {
		return
	}
	f.split(b)
}

// spread gives the active cells within reach to the region.
func (f *finder) spread(x, y int, id int32) {
	for j := max(y-reachY, 0); j <= min(y+reachY, f.rows-1); j++ {
		for i := max(x-reachX, 0); i <= min(x+reachX, f.cols-1); i++ {
			at := j*f.cols + i
			if f.part[at] == 0 && f.counts[at] >= activePixels {
				f.part[at] = id
				f.stack = append(f.stack, int32(at))
			}
		}
	}
}

// holdBackground keeps the background from learning where the targets are.
func (f *finder) holdBackground(targets []*target) {
	clear(f.hold)
	for _, t := range targets {
		if !t.confirmed {
			continue
		}
		b := t.box
		for y := max(int(b.y0)/cell-1, 0); y <= min(int(b.y1)/cell+1, f.rows-1); y++ {
			for x := max(int(b.x0)/cell-1, 0); x <= min(int(b.x1)/cell+1, f.cols-1); x++ {
				f.hold[y*f.cols+x] = 1
			}
		}
	}
}

// left reports whether something left the box, instead of having come: the background shows more there than the picture.
func (f *finder) left(b box) bool {
	pixels := f.clip(b)
	return C.follow_sharpness(f.c, &pixels[0]) < leftSharpness
}

// leftSharpness is the ratio, in thousandths, of the picture's gradients to the background's below which something left.
const leftSharpness = 800

// accept makes what is in the box part of the background.
func (f *finder) accept(b box) {
	pixels := f.clip(b)
	C.follow_accept(f.c, &pixels[0])
}

// clip returns x, y, width and height of the box's part that lies in the picture, at least a pixel.
func (f *finder) clip(b box) [4]C.int {
	x, y := min(max(int(b.x0), 0), f.width-1), min(max(int(b.y0), 0), f.height-1)
	return [4]C.int{C.int(x), C.int(y), C.int(max(min(int(b.x1), f.width)-x, 1)), C.int(max(min(int(b.y1), f.height)-y, 1))}
}

// paint replaces what rgb [H,W,3] shows inside the box by the background.
func (f *finder) paint(rgb []byte, b box) {
	if b.area() <= 0 {
		return
	}
	pixels := f.clip(b)
	C.follow_paint(f.c, &pixels[0], (*C.uint8_t)(&rgb[0]))
}
