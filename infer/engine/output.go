package engine

import (
	"math"
	"unsafe"

	"github.com/mattn/go-tflite"
)

// output reads the output tensor.
type output struct {
	count   int
	float   []float32 // the tensor's memory where it is float32
	raw     []byte    // where it is int8 or uint8
	value   [256]float32
	softmax bool
}

func newOutput(t *tflite.Tensor, count int, softmax bool) output {
	o := output{count: count, softmax: softmax}
	if t.Type() == tflite.Float32 {
		o.float = unsafe.Slice((*float32)(t.Data()), count)
		return o
	}
	o.raw = unsafe.Slice((*byte)(t.Data()), count)
	q := t.QuantizationParams()
	for i := range o.value {
		value := i
		if t.Type() == tflite.Int8 {
			value = int(int8(i))
		}
		o.value[i] = float32(float64(value-q.ZeroPoint) * q.Scale)
	}
	return o
}

// probabilities writes the scores into dst, whose length must be count.
func (o *output) probabilities(dst []float32) {
	copy(dst, o.float)
	for i, raw := range o.raw {
		dst[i] = o.value[raw]
	}
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
