package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/mattn/go-tflite"

	"edged/models"
)

func withEmbedding(kind uint8, scale float32, shape int32s) tiny {
	t := tiny{
		op: tflite.BuiltinOperator_QUANTIZE, in: tinyTensor{kind: tinyFloat32}, out: tinyTensor{kind: tinyInt8, scale: 4},
		embedding: &tinyTensor{kind: kind, scale: scale, zero: -1, shape: shape},
	}
	if kind == tinyInt8 { // what goes in is what comes out
		t.op, t.in, t.out = tflite.BuiltinOperator_DEQUANTIZE, tinyTensor{kind: tinyInt8, scale: scale, zero: -1}, tinyTensor{kind: tinyFloat32}
	}
	return t
}

func TestEmbedding(t *testing.T) {
	rgb := []byte{0, 100, 200}
	for input, c := range map[string]struct {
		tiny tiny
		want []float32
	}{
		"float32": {withEmbedding(tinyFloat32, 0, int32s{1, 3}), []float32{0, 100, 200}},
		"int8":    {withEmbedding(tinyInt8, 2, int32s{1, 3}), []float32{0, 100, 200}},
	} {
		t.Run(input, func(t *testing.T) {
			e, err := New(c.tiny.model(input), Options{Delegate: "cpu"})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			first := clip(t, e)
			first.Push(rgb)
			if err := first.Invoke(); err != nil {
				t.Fatal(err)
			}
			got := make([]float32, 3)
			if n := testing.AllocsPerRun(10, func() { first.Embedding(got) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("the embedding of %v is %v, want %v", rgb, got, c.want)
			}
			if info := e.Info().Embedding; info == nil || info.Name != "embedding" || !slices.Equal(info.Shape, []int{1, 3}) {
				t.Errorf("Info says %+v", info)
			}
		})
	}
}

func TestEmbeddingsThatDiffer(t *testing.T) {
	for _, c := range []struct {
		what string
		tiny tiny
		size int
		want string
	}{
		{"another size", withEmbedding(tinyFloat32, 0, int32s{1, 3}), 4, "embedding has 4 numbers in the manifest, the model's second output is [1 3]"},
		{"no scale", withEmbedding(tinyInt8, 0, int32s{1, 3}), 3, "scale 0"},
		{"not declared", withEmbedding(tinyFloat32, 0, int32s{1, 3}), 0, "the model has 2 outputs"},
		{"declared and absent", tiny{op: tflite.BuiltinOperator_LOGISTIC, in: tinyTensor{kind: tinyFloat32}, out: tinyTensor{kind: tinyFloat32}}, 3, "the model has 1 outputs, and its manifest declares an embedding"},
	} {
		input := "float32"
		if c.tiny.in.kind == tinyInt8 {
			input = "int8"
		}
		m := c.tiny.model(input)
		m.Manifest.Embedding = models.Embedding{Size: c.size}
		e, err := New(m, Options{Delegate: "cpu"})
		if err == nil {
			e.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

// Windows of the starter carry their embedding without an allocation.
func TestStarterHasAnEmbedding(t *testing.T) {
	e := open(t, Options{})
	m := starter(t)
	if info := e.Info(); info.Embedding == nil || info.Embedding.Shape[1] != m.Manifest.Embedding.Size || info.Partitions != 1 {
		t.Errorf("Info says %+v in %d partitions; the manifest has %d numbers", info.Embedding, info.Partitions, m.Manifest.Embedding.Size)
	}
}
