package teach

import (
	"encoding/binary"
	"errors"
	"math"
)

// encodeHead writes a head for decodeHead: its bias, then mean, scale and weights, each a float64.
func encodeHead(h *Head) []byte {
	out := binary.LittleEndian.AppendUint64(nil, math.Float64bits(h.bias))
	for _, list := range [][]float64{h.mean, h.scale, h.weights} {
		for _, v := range list {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		}
	}
	return out
}

// decodeHead reads what encodeHead wrote.
func decodeHead(data []byte) (*Head, error) {
	if len(data) < 32 || len(data)%24 != 8 {
		return nil, errors.New("the head has a wrong length")
	}
	numbers := make([]float64, len(data)/8)
	for i := range numbers {
		if numbers[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:])); numbers[i]-numbers[i] != 0 {
			return nil, errors.New("the head holds something that is no number")
		}
	}
	n := (len(numbers) - 1) / 3
	h := &Head{bias: numbers[0], mean: numbers[1:][:n], scale: numbers[1+n:][:n], weights: numbers[1+2*n:]}
	for _, s := range h.scale {
		if s <= 0 {
			return nil, errors.New("the head has a scale of 0")
		}
	}
	return h, nil
}
