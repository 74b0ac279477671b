package teach

import (
	"encoding/binary"
	"errors"
	"math"
)

// encodeHead writes a head for decodeHead: its bias, then its weights, each a float32.
func encodeHead(h *Head) []byte {
	out := binary.LittleEndian.AppendUint32(nil, math.Float32bits(h.bias))
	for _, w := range h.weights {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(w))
	}
	return out
}

// decodeHead reads what encodeHead wrote.
func decodeHead(data []byte) (*Head, error) {
	if len(data) < 8 || len(data)%4 != 0 {
		return nil, errors.New("the head has a wrong length")
	}
	numbers := make([]float32, len(data)/4)
	for i := range numbers {
		if numbers[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])); numbers[i]-numbers[i] != 0 {
			return nil, errors.New("the head holds something that is no number")
		}
	}
	return &Head{bias: numbers[0], weights: numbers[1:]}, nil
}

// numbers is the length of the embeddings that the head takes.
func (h *Head) numbers() int { return len(h.weights) }
