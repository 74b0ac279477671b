package models

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

var errNotTFLite = errors.New(`not a TFLite model: no "TFL3" at byte 4`)

// checkFlatbuffer tells a TFLite model from other files and a whole one from one that was cut off: every buffer of
// weights must lie inside the file. It is no full verification; TFLite does its own.
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

// flatbuffer reads offsets; the first one that leads out of the data is kept in cut, and everything after reads 0.
type flatbuffer struct {
	data []byte
	cut  int64 // the byte that had to be there, 0 while all were
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

// follow returns where the offset stored at that place leads.
func (f *flatbuffer) follow(at int64) int64 { return at + f.u32(at) }

// field returns where the table's field number i is stored, 0 where the table leaves it out.
func (f *flatbuffer) field(table, i int64) int64 {
	vtable := table - int64(int32(f.u32(table)))
	if vtable < 0 { // a backward offset out of the file: no cut file has it, a corrupt one may
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
