package engine

import (
	"github.com/mattn/go-tflite"

	"edged/infer/delegate"
	"edged/models"
)

// Info describes what runs, which may differ from what was asked for.
type Info struct {
	TFLite         string     `json:"tflite"`    // the library's version
	Requested      string     `json:"requested"` // delegate
	Delegate       string     `json:"delegate"`  // that runs
	Fallbacks      []Fallback `json:"fallbacks,omitempty"`
	Threads        int        `json:"threads"`
	NodesTotal     int        `json:"nodes_total"`
	NodesDelegated int        `json:"nodes_delegated"`
	Partitions     int        `json:"partitions"`             // parts in which the delegate runs its nodes
	InputKept      bool       `json:"input_kept"`             // Invoke does not change its input, so the window can lie there
	WeightCache    string     `json:"weight_cache,omitempty"` // file that the packed weights are mapped from
	MemoryBytes    int64      `json:"memory_bytes"`           // that the process took while New loaded the model, apart from pages of files
	Ops            []OpCount  `json:"ops"`
	Input          Tensor     `json:"input"`
	Output         Tensor     `json:"output"`
	Embedding      *Tensor    `json:"embedding,omitempty"` // the second output
}

// Fallback is a delegate that was tried and does not run.
type Fallback struct {
	Delegate string `json:"delegate"`
	Reason   string `json:"reason"`
}

// OpCount counts the nodes of one operator.
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

// describe fills in Info, except for InputKept, which only a run can tell.
func (e *Engine) describe(m *models.Model, d delegate.Delegate, o Options) {
	e.info = Info{
		TFLite:         tflite.Version(),
		Delegate:       d.String(),
		Threads:        o.Threads,
		NodesTotal:     e.probe.total(),
		NodesDelegated: e.probe.delegated(),
		Partitions:     int(e.probe.c.kernels),
		WeightCache:    e.probe.weightCache(),
		Ops:            e.probe.ops(),
		Input:          describeTensor(e.interpreter.GetInputTensor(0)),
		Output:         describeTensor(e.interpreter.GetOutputTensor(0)),
	}
	if m.Manifest.Embedding.Size > 0 {
		embedding := describeTensor(e.interpreter.GetOutputTensor(1))
		e.info.Embedding = &embedding
	}
}

// typeName is the type's name as manifests write it.
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
