package models

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

var errNotTFLite = errors.New(`not a TFLite model: no "TFL3" at byte 4`)

// checkFlatbuffer recognises a TFLite model and notices if the file is incomplete: every buffer of weights must lie inside the file. It
// does not verify everything; TFLite verifies the rest.
// Source: schema.fbs of TFLite, table Model (buffers is its fifth field) and table Buffer (data is its first).
func checkFlatbuffer(data []byte) error {
	if len(data) < 8 || string(data[4:8]) != "TFL3" {
		return errNotTFLite
	}
	f := flatbuffer{data: data}
	model := f.follow(0)
	buffers := f.field(model, 4)
	if buffers == 0 && f.cut == 0 {
		return errors.New("corrupt: the TFLite model has no buffers")
	}
	vector := f.follow(buffers)
	n := f.u32(vector)
	for i := int64(0); i < n && f.cut == 0; i++ {
		buffer := f.follow(vector + 4 + 4*i)
		if at := f.field(buffer, 0); at != 0 {
			weights := f.follow(at)
			f.need(weights + 4 + f.u32(weights))
		}
	}
	if f.cut > 0 {
		return fmt.Errorf("truncated or corrupt: the TFLite model reaches to byte %d, the file has %d; copy it again", f.cut, len(data))
	}
	return nil
}

// flatbuffer reads offsets. It keeps the first one that points outside of the data in cut, and reads 0 from then on.
type flatbuffer struct {
	data []byte
	cut  int64 // the end that the data should have had; 0 while nothing is missing
}

func (f *flatbuffer) need(end int64) bool {
	if f.cut == 0 && end > int64(len(f.data)) {
		f.cut = end
	}
	return f.cut == 0
}

func (f *flatbuffer) u32(at int64) int64 {
	if !f.need(at + 4) {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(f.data[at:]))
}

func (f *flatbuffer) u16(at int64) int64 {
	if !f.need(at + 2) {
		return 0
	}
	return int64(binary.LittleEndian.Uint16(f.data[at:]))
}

// follow returns the position that the offset stored at that place points to.
func (f *flatbuffer) follow(at int64) int64 { return at + f.u32(at) }

// field returns the position of the table's field number i, 0 if the table does not have it.
func (f *flatbuffer) field(table, i int64) int64 {
	vtable := table - int64(int32(f.u32(table)))
	if vtable < 0 { // an offset to before the file: only a corrupt file has one
		f.need(math.MaxInt64)
	}
	if f.u16(vtable) < 4+2*(i+1) {
		return 0
	}
	if offset := f.u16(vtable + 4 + 2*i); offset != 0 {
		return table + offset
	}
	return 0
}
