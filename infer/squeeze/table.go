package squeeze

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Type is the element type of a model's input tensor.
type Type int

const (
	Int8 Type = iota
	UInt8
	Float32
)

func (t Type) String() string { return [...]string{"int8", "uint8", "float32"}[t] }

// ParseType is the inverse of String.
func ParseType(name string) (Type, error) {
	for _, t := range []Type{Int8, UInt8, Float32} {
		if t.String() == name {
			return t, nil
		}
	}
	return 0, fmt.Errorf("squeeze: input type %q; can be int8, uint8 or float32", name)
}

// Bytes returns the size of one element.
func (t Type) Bytes() int {
	if t == Float32 {
		return 4
	}
	return 1
}

// Quantization maps a tensor's integer q to the real number (q - ZeroPoint) * Scale.
type Quantization struct {
	Scale     float64
	ZeroPoint int
}

// Table maps each colour's 256 values to the tensor's elements.
type Table struct {
	Type    Type
	entries []byte // [3][256] elements, in the machine's byte order
	flip    int    // if every entry is u8 ^ flip; else -1
}

// NewTable computes the element for x = (u8 - mean) / std, for every u8 and colour. An integer element is round(x/Scale) + ZeroPoint,
// rounded half to even like NumPy's round, and saturates. A Float32 element is x itself.
func NewTable(t Type, mean, std [3]float64, q Quantization) (*Table, error) {
	if t != Float32 && !(q.Scale > 0 && !math.IsInf(q.Scale, 1)) {
		return nil, fmt.Errorf("squeeze: the %s input has scale %g; a quantized tensor's is above 0", t, q.Scale)
	}
	table := &Table{Type: t, entries: make([]byte, 0, 3*256*t.Bytes())}
	for colour := range mean {
		for u := range 256 {
			x := (float64(u) - mean[colour]) / std[colour]
			table.append(x, q)
		}
	}
	table.flip = table.findFlip()
	return table, nil
}

func (t *Table) append(x float64, q Quantization) {
	switch t.Type {
	case Float32:
		t.entries = binary.NativeEndian.AppendUint32(t.entries, math.Float32bits(float32(x)))
	case UInt8:
		t.entries = append(t.entries, byte(quantize(x, q, 0, math.MaxUint8)))
	case Int8:
		t.entries = append(t.entries, byte(int8(quantize(x, q, math.MinInt8, math.MaxInt8))))
	}
}

func quantize(x float64, q Quantization, low, high float64) int {
	return int(min(max(math.RoundToEven(x/q.Scale)+float64(q.ZeroPoint), low), high))
}

// findFlip finds out whether quantizing is an exclusive or: with x = (u8-128)/128, Scale 1/128 and ZeroPoint 0 it is u8 ^ 0x80. A
// model that was trained so needs no table.
func (t *Table) findFlip() int {
	if t.Type == Float32 {
		return -1
	}
	flip := t.entries[0]
	for i, entry := range t.entries {
		if entry != byte(i)^flip {
			return -1
		}
	}
	return int(flip)
}
