package engine

import (
	"github.com/mattn/go-tflite"

	"edged/infer/delegate"
)

// Info says what runs, which need not be what was asked for.
type Info struct {
	TFLite         string     `json:"tflite"`    // the library's version
	Requested      string     `json:"requested"` // delegate
	Delegate       string     `json:"delegate"`  // that runs
	Fallbacks      []Fallback `json:"fallbacks,omitempty"`
	Threads        int        `json:"threads"`
	NodesTotal     int        `json:"nodes_total"`
	NodesDelegated int        `json:"nodes_delegated"`
	Partitions     int        `json:"partitions"` // in which the delegate runs its nodes
	InputKept      bool       `json:"input_kept"` // Invoke leaves its input alone: the window lies there, not in a copy
	Ops            []OpCount  `json:"ops"`
	Input          Tensor     `json:"input"`
	Output         Tensor     `json:"output"`
}

// Fallback is a delegate that was tried, and why it does not run.
type Fallback struct {
	Delegate string `json:"delegate"`
	Reason   string `json:"reason"`
}

// OpCount is how many nodes are of one operator.
type OpCount struct {
	Op        string `json:"op"`
	Nodes     int    `json:"nodes"`
	Delegated int    `json:"delegated"`
}

// Tensor describes an input or output. Scale is 0 where it is not quantized.
type Tensor struct {
	Name      string  `json:"name"`
	Type      string  `json:"type"`
	Shape     []int   `json:"shape"`
	Scale     float64 `json:"scale"`
	ZeroPoint int     `json:"zero_point"`
}

func describeTensor(t *tflite.Tensor) Tensor {
	q := t.QuantizationParams()
	return Tensor{Name: t.Name(), Type: typeName(t.Type()), Shape: t.Shape(), Scale: q.Scale, ZeroPoint: q.ZeroPoint}
}

// describe fills in Info once the tensors are there.
func (e *Engine) describe(d delegate.Delegate, o Options) {
	e.info = Info{
		TFLite:         tflite.Version(),
		Delegate:       d.String(),
		Threads:        o.Threads,
		NodesTotal:     e.probe.total(),
		NodesDelegated: e.probe.delegated(),
		Partitions:     int(e.probe.c.kernels),
		InputKept:      e.kept,
		Ops:            e.probe.ops(),
		Input:          describeTensor(e.interpreter.GetInputTensor(0)),
		Output:         describeTensor(e.interpreter.GetOutputTensor(0)),
	}
}

// typeName is the name as manifests write it.
func typeName(t tflite.TensorType) string {
	switch t {
	case tflite.Float32:
		return "float32"
	case tflite.Int32:
		return "int32"
	case tflite.UInt8:
		return "uint8"
	case tflite.Int64:
		return "int64"
	case tflite.Int16:
		return "int16"
	case tflite.Int8:
		return "int8"
	}
	return t.String()
}
