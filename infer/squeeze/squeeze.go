// Package squeeze keeps a model's window up to date in the memory of the input tensor. Time is squeezed into channels: a clip of T
// frames [T,H,W,3] becomes one picture [1,H,W,3T] (SqueezeTime, arXiv 2405.08344, section 3.1). Two consecutive windows share T-1
// frames, so a new frame moves the window on by one frame and only the new frame is written.
package squeeze

// #include "squeeze.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Layout is the window's shape.
type Layout struct {
	Height, Width int
	Frames        int  // T
	ColorMajor    bool // channel c*T+t instead of t*3+c
}

// Window writes a clip into memory that it does not own, [H,W,3T] elements, row-major. It is not safe for concurrent use.
type Window struct {
	memory []byte
	pixels int
	layout C.struct_edged_layout
	table  *Table
}

// New returns a Window over memory, which must have exactly the layout's size in elements of the table's type. The window means
// nothing until T frames have been pushed.
func New(memory []byte, l Layout, table *Table) (*Window, error) {
	const most = 1 << 14 // so the product of all stays far below 63 bits
	if min(l.Height, l.Width, l.Frames) < 1 || max(l.Height, l.Width, l.Frames) > most {
		return nil, fmt.Errorf("squeeze: %d frames of %dx%d: each must be 1 to %d", l.Frames, l.Width, l.Height, most)
	}
	want := int64(l.Height) * int64(l.Width) * int64(3*l.Frames*table.Type.Bytes())
	if int64(len(memory)) != want {
		return nil, fmt.Errorf("squeeze: the input tensor has %d bytes; %d frames of %dx%d RGB in %s are %d",
			len(memory), l.Frames, l.Width, l.Height, table.Type, want)
	}
	w := &Window{memory: memory, pixels: l.Height * l.Width, table: table}
	w.layout = C.struct_edged_layout{pixel: C.size_t(3 * l.Frames), step: 3, newest: C.size_t(3*l.Frames - 3), colour: 1}
	if l.ColorMajor {
		w.layout.step, w.layout.newest, w.layout.colour = 1, C.size_t(l.Frames-1), C.size_t(l.Frames)
	}
	return w, nil
}

// frameBytes returns the length of the frames that Push takes.
func (w *Window) frameBytes() int { return w.pixels * 3 }

// Push drops the oldest frame and takes rgb, [H,W,3] u8, as the newest. It panics if rgb has another length.
func (w *Window) Push(rgb []byte) {
	if len(rgb) != w.frameBytes() {
		panic(fmt.Sprintf("squeeze: Push of %d bytes; a frame has %d", len(rgb), w.frameBytes()))
	}
	C.edged_push(unsafe.Pointer(&w.memory[0]), C.size_t(w.pixels), &w.layout, (*C.uint8_t)(&rgb[0]),
		unsafe.Pointer(&w.table.entries[0]), C.size_t(w.table.Type.Bytes()), C.int(w.table.flip))
}

// Hold drops the oldest frame and takes the newest a second time.
func (w *Window) Hold() {
	C.edged_hold(unsafe.Pointer(&w.memory[0]), C.size_t(w.pixels), &w.layout, C.size_t(w.table.Type.Bytes()))
}
