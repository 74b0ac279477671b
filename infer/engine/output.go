package engine

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/mattn/go-tflite"
)

// output reads the output tensor.
type output struct {
	float   []float32 // the tensor's memory where it is float32
	raw     []byte    // where it is int8 or uint8
	value   [256]float32
	softmax bool
}

func newOutput(t *tflite.Tensor, count int, softmax bool) (output, error) {
	o := output{softmax: softmax}
	raw, err := memory(t)
	if err != nil {
		return o, err
	}
	size := 1
	if t.Type() == tflite.Float32 {
		size = 4
	}
	if len(raw) != count*size {
		return o, fmt.Errorf("the output tensor has %d bytes; %d scores of type %s are %d", len(raw), count, typeName(t.Type()), count*size)
	}
	if t.Type() == tflite.Float32 {
		o.float = unsafe.Slice((*float32)(unsafe.Pointer(&raw[0])), count)
		return o, nil
	}
	o.raw = raw
	q := t.QuantizationParams()
	for i := range o.value {
		value := i
		if t.Type() == tflite.Int8 {
			value = int(int8(i))
		}
		o.value[i] = float32(float64(value-q.ZeroPoint) * q.Scale)
	}
	return o, nil
}

// values writes the numbers into dst, which has one place for each.
func (o *output) values(dst []float32) {
	copy(dst, o.float)
	for i, raw := range o.raw {
		dst[i] = o.value[raw]
	}
}

// probabilities writes the scores into dst, which has one place for each.
func (o *output) probabilities(dst []float32) {
	o.values(dst)
	if o.softmax {
		softmax(dst)
	}
}

// softmax turns logits into probabilities, in place.
func softmax(x []float32) {
	top := float32(math.Inf(-1))
	for _, v := range x {
		top = max(top, v)
	}
	sum := 0.0
	for i, v := range x {
		e := math.Exp(float64(v - top))
		x[i] = float32(e)
		sum += e
	}
	for i, v := range x {
		x[i] = float32(float64(v) / sum)
	}
}
