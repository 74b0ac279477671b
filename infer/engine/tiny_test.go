package engine

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/mattn/go-tflite"

	"edged/models"
)

// tiny is a model of one operator that works element by element, on a window of one frame of one pixel: what goes into
// its three channels comes out as three scores.
type tiny struct {
	op        tflite.BuiltinOperator
	in, out   tinyTensor
	embedding *tinyTensor // a second output: what goes in, as [1,3]
}

type tinyTensor struct {
	kind  uint8 // schema.fbs TensorType: 0 float32, 3 uint8, 4 int64, 9 int8
	scale float32
	zero  int64
	shape int32s // as the file declares it; nil for the true one
}

const (
	tinyFloat32 = 0
	tinyUInt8   = 3
	tinyInt64   = 4
	tinyInt8    = 9
)

// model wraps the flatbuffer in a manifest with mean 0, std 1 and probabilities as its output.
func (m tiny) model(inputType string) *models.Model {
	embedding := models.Embedding{}
	if m.embedding != nil {
		embedding.Size = 3
	}
	return &models.Model{
		Manifest: models.Manifest{
			Embedding: embedding,
			Frames:    1, FrameRate: 1, Height: 1, Width: 1, ChannelOrder: models.TimeMajor,
			Std: [3]float64{1, 1, 1}, InputType: inputType, Output: models.Probabilities,
		},
		Labels: []string{"a", "b", "c"},
		Data:   m.flatbuffer(),
		Path:   "tiny",
	}
}

// flatbuffer writes the model as TFLite's schema.fbs has it; the keys are the fields' numbers there.
func (m tiny) flatbuffer() []byte {
	tensor := func(t tinyTensor, name string) table {
		shape := t.shape
		if shape == nil {
			shape = int32s{1, 1, 1, 3}
		}
		fields := table{0: shape, 1: t.kind, 3: text(name)}
		if t.scale != 0 {
			fields[4] = table{2: float32s{t.scale}, 3: int64s{t.zero}}
		}
		return fields
	}
	tensors := tables{tensor(m.in, "in"), tensor(m.out, "out")}
	codes, operators, outputs := tables{{0: uint8(m.op)}}, tables{{1: int32s{0}, 2: int32s{1}}}, int32s{1}
	if m.embedding != nil {
		const reshapeOptions = uint8(17)
		tensors = append(tensors, tensor(*m.embedding, "embedding"))
		codes = append(codes, table{0: uint8(tflite.BuiltinOperator_RESHAPE)})
		operators = append(operators, table{0: uint32(1), 1: int32s{0}, 2: int32s{2}, 3: reshapeOptions, 4: table{0: int32s{1, 3}}})
		outputs = append(outputs, 2)
	}
	w := writer{0, 0, 0, 0, 'T', 'F', 'L', '3'}
	w.refer(0, table{
		0: uint32(3), // version
		1: codes,
		2: tables{{0: tensors, 1: int32s{0}, 2: outputs, 3: operators}},
		4: tables{{}}, // the empty buffer that both tensors refer to
	})
	return w
}

type (
	writer   []byte
	table    map[int]any
	tables   []table
	int32s   []int32
	int64s   []int64
	float32s []float32
	text     string
)

func (w *writer) align(n int) {
	for len(*w)%n != 0 {
		*w = append(*w, 0)
	}
}

func (w *writer) u32(v uint32) { *w = binary.LittleEndian.AppendUint32(*w, v) }

// refer writes the value at the end and the offset that leads there at the place.
func (w *writer) refer(place int, value any) {
	w.align(8)
	var at int
	switch v := value.(type) {
	case table:
		at = w.table(v)
	case tables:
		at = w.tables(v)
	default:
		at = w.vector(v)
	}
	binary.LittleEndian.PutUint32((*w)[place:], uint32(at-place))
}

// table writes the fields in slots of four bytes, then what they refer to.
func (w *writer) table(fields table) int {
	keys := slices.Sorted(maps.Keys(fields))
	slots := 0
	if len(keys) > 0 {
		slots = keys[len(keys)-1] + 1
	}
	vtable := len(*w)
	*w = binary.LittleEndian.AppendUint16(*w, uint16(4+2*slots))
	*w = binary.LittleEndian.AppendUint16(*w, uint16(4+4*len(keys)))
	for key := range slots {
		offset := 0
		if i, ok := slices.BinarySearch(keys, key); ok {
			offset = 4 + 4*i
		}
		*w = binary.LittleEndian.AppendUint16(*w, uint16(offset))
	}
	w.align(4)
	at := len(*w)
	w.u32(uint32(at - vtable))
	for range keys {
		w.u32(0)
	}
	for i, key := range keys {
		place := at + 4 + 4*i
		switch v := fields[key].(type) {
		case uint8:
			(*w)[place] = v
		case uint32:
			binary.LittleEndian.PutUint32((*w)[place:], v)
		default:
			w.refer(place, v)
		}
	}
	return at
}

func (w *writer) tables(list tables) int {
	at := len(*w)
	w.u32(uint32(len(list)))
	for range list {
		w.u32(0)
	}
	for i, t := range list {
		w.refer(at+4+4*i, t)
	}
	return at
}

func (w *writer) vector(value any) int {
	if _, wide := value.(int64s); wide {
		w.u32(0) // the elements, not the length before them, lie at a multiple of eight
	}
	at := len(*w)
	switch v := value.(type) {
	case int32s:
		w.u32(uint32(len(v)))
		for _, x := range v {
			w.u32(uint32(x))
		}
	case int64s:
		w.u32(uint32(len(v)))
		for _, x := range v {
			*w = binary.LittleEndian.AppendUint64(*w, uint64(x))
		}
	case float32s:
		w.u32(uint32(len(v)))
		for _, x := range v {
			w.u32(math.Float32bits(x))
		}
	case text:
		w.u32(uint32(len(v)))
		*w = append(append(*w, v...), 0)
	}
	return at
}

func TestEveryTypeOfInputAndOutput(t *testing.T) {
	rgb := []byte{0, 100, 255}
	for _, c := range []struct {
		what  string
		tiny  tiny
		input string
		want  []float32
	}{
		{
			"uint8 in, float32 out",
			tiny{op: tflite.BuiltinOperator_DEQUANTIZE, in: tinyTensor{kind: tinyUInt8, scale: 2, zero: 10}, out: tinyTensor{kind: tinyFloat32}},
			"uint8", []float32{0, 100, 256}, // 255/2 = 127.5 rounds to the even 128
		},
		{
			"int8 in, float32 out",
			tiny{op: tflite.BuiltinOperator_DEQUANTIZE, in: tinyTensor{kind: tinyInt8, scale: 2, zero: -100}, out: tinyTensor{kind: tinyFloat32}},
			"int8", []float32{0, 100, 256},
		},
		{
			"float32 in, uint8 out",
			tiny{op: tflite.BuiltinOperator_QUANTIZE, in: tinyTensor{kind: tinyFloat32}, out: tinyTensor{kind: tinyUInt8, scale: 4, zero: 7}},
			"float32", []float32{0, 100, 256},
		},
		{
			"float32 in, int8 out",
			tiny{op: tflite.BuiltinOperator_QUANTIZE, in: tinyTensor{kind: tinyFloat32}, out: tinyTensor{kind: tinyInt8, scale: 4, zero: -60}},
			"float32", []float32{0, 100, 256},
		},
		{
			"float32 in, float32 out",
			tiny{op: tflite.BuiltinOperator_LOGISTIC, in: tinyTensor{kind: tinyFloat32}, out: tinyTensor{kind: tinyFloat32}},
			"float32", []float32{0.5, 1, 1},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			e, err := New(c.tiny.model(c.input), Options{Delegate: "cpu"})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			first := clip(t, e)
			first.Push(rgb)
			if err := first.Invoke(); err != nil {
				t.Fatal(err)
			}
			got := make([]float32, len(c.want))
			if first.Scores(got); !slices.Equal(got, c.want) {
				t.Errorf("%v comes out as %v, want %v", rgb, got, c.want)
			}
		})
	}
}
