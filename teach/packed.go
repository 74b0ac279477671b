package teach

import (
	"encoding/binary"
	"math"
)

// A packed embedding takes a byte a number: the lowest number and the step, both float32, and then for each number how many steps it lies above the
// lowest. The step is at most that of the model's own int8 output, so little is lost.
const packedHeader = 8

// packedSize is the bytes of a packed embedding of so many numbers.
func packedSize(numbers int) int { return packedHeader + numbers }

// pack writes e to dst, which has packedSize(len(e)) bytes. It returns false if e holds something that is no number.
func pack(dst []byte, e Embedding) bool {
	low, high := e[0], e[0]
	sum := float32(0)
	for _, v := range e {
		low, high = min(low, v), max(high, v)
		sum += v - v // 0, or NaN for what is no number
	}
	if sum != 0 || sum != sum || high-low > math.MaxFloat32 {
		return false
	}
	step := (high - low) / 255
	scale := float32(0)
	if step > 0 {
		scale = 1 / step
	}
	binary.LittleEndian.PutUint32(dst, math.Float32bits(low))
	binary.LittleEndian.PutUint32(dst[4:], math.Float32bits(step))
	for i, v := range e {
		dst[packedHeader+i] = uint8(min((v-low)*scale+0.5, 255))
	}
	return true
}

// unpack writes the numbers to e.
func unpack(e Embedding, packed []byte) {
	low := math.Float32frombits(binary.LittleEndian.Uint32(packed))
	step := math.Float32frombits(binary.LittleEndian.Uint32(packed[4:]))
	for i, q := range packed[packedHeader:] {
		e[i] = low + step*float32(q)
	}
}

// unpacked returns the numbers.
func unpacked(packed []byte) Embedding {
	e := make(Embedding, len(packed)-packedHeader)
	unpack(e, packed)
	return e
}

// soundPacked reports whether the bytes can be a packed embedding: those of a file may be anything.
func soundPacked(packed []byte) bool {
	if len(packed) <= packedHeader {
		return false
	}
	low := math.Float32frombits(binary.LittleEndian.Uint32(packed))
	step := math.Float32frombits(binary.LittleEndian.Uint32(packed[4:]))
	return low-low == 0 && step >= 0 && step <= math.MaxFloat32/512 && math.Abs(float64(low)) <= math.MaxFloat32/2
}
