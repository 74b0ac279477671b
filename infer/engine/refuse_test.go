package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/mattn/go-tflite"

	"edged/models"
)

func TestNewNamesTheDifference(t *testing.T) {
	for _, c := range []struct {
		what  string
		wrong func(*models.Model)
		want  []string
	}{
		{"frames", func(m *models.Model) { m.Manifest.Frames = 8 }, []string{"frames is 8 (24 channels) in the manifest, 48 channels"}},
		{"height", func(m *models.Model) { m.Manifest.Height = 112 }, []string{"height is 112 in the manifest, 96"}},
		{"width", func(m *models.Model) { m.Manifest.Width = 64 }, []string{"width is 64 in the manifest, 96"}},
		{"input_type", func(m *models.Model) { m.Manifest.InputType = "float32" }, []string{"input_type is float32 in the manifest, int8"}},
		{"labels", func(m *models.Model) { m.Labels = m.Labels[:11] }, []string{"labels.txt has 11 labels", "12 scores"}},
		{"embedding", func(m *models.Model) { m.Manifest.Embedding.Size = 192 }, []string{"embedding has 192 numbers in the manifest", "[1 576]"}},
		{"an output nobody declares", func(m *models.Model) { m.Manifest.Embedding.Size = 0 }, []string{"the model has 2 outputs"}},
		{
			"several at once",
			func(m *models.Model) { m.Manifest.Frames, m.Manifest.Width, m.Labels = 4, 1024, []string{"a"} },
			[]string{"frames is 4", "width is 1024", "1 labels"},
		},
		{"truncated", func(m *models.Model) { m.Data = m.Data[:len(m.Data)/2] }, []string{"load the model: TFLite: "}},
	} {
		t.Run(c.what, func(t *testing.T) {
			m := starter(t)
			c.wrong(m)
			e, err := New(m, Options{})
			if err == nil {
				e.Close()
				t.Fatal("accepted")
			}
			for _, want := range append(c.want, "engine: "+m.Path+": ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestNewRefusesOptions(t *testing.T) {
	for want, o := range map[string]Options{"-1 threads": {Threads: -1}, `delegate "tpu"`: {Delegate: "tpu"}} {
		if e, err := New(starter(t), o); err == nil {
			e.Close()
			t.Errorf("%+v was accepted", o)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

func TestCheckOutput(t *testing.T) {
	for _, c := range []struct {
		tensor Tensor
		labels int
		want   string // "" for none
	}{
		{Tensor{Type: "float32", Shape: []int{1, 400}}, 400, ""},
		{Tensor{Type: "uint8", Shape: []int{1, 1, 1, 5}, Scale: 0.1}, 5, ""},
		{Tensor{Type: "int8", Shape: []int{1, 5}}, 5, "scale 0"},
		{Tensor{Type: "int64", Shape: []int{1, 5}}, 5, "is int64"},
		{Tensor{Type: "float32", Shape: []int{1 << 30, 1 << 30}}, 5, "5 labels"},
		{Tensor{Type: "float32", Shape: []int{-1, 5}}, 5, "5 labels"},
	} {
		got := ""
		if err := errors.Join(checkOutput(c.tensor, c.labels)...); err != nil {
			got = err.Error()
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v for %d labels: %q, want %q", c.tensor, c.labels, got, c.want)
		}
	}
}

func TestCheckInputShape(t *testing.T) {
	m := models.Manifest{Frames: 2, Height: 1, Width: 1, InputType: "int8"}
	for _, shape := range [][]int{{}, {1, 1, 6}, {2, 1, 1, 6}, {1, 2, 1, 1, 3}} {
		errs := checkInput(Tensor{Type: "int8", Shape: shape}, &m)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "must be [1 height width 3*frames]") {
			t.Errorf("shape %v: %v", shape, errs)
		}
	}
	if errs := checkInput(Tensor{Type: "int8", Shape: []int{1, 1, 1, 6}}, &m); len(errs) != 0 {
		t.Errorf("a fitting shape: %v", errs)
	}
}

func TestNewRefusesAFalseOutputShape(t *testing.T) {
	m := tiny{
		op: tflite.BuiltinOperator_LOGISTIC,
		in: tinyTensor{kind: tinyFloat32}, out: tinyTensor{kind: tinyFloat32, shape: int32s{1, 300}},
	}.model("float32")
	m.Labels = make([]string, 300)
	for _, delegate := range []string{"cpu", "xnnpack"} {
		e, err := New(m, Options{Delegate: delegate})
		if err == nil {
			e.Close()
			t.Fatalf("%s: 300 scores are read from a tensor of 3", delegate)
		}
		if want := "labels.txt has 300 labels, the model's output tensor [1 1 1 3] has 3 scores"; !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error lacks %q: %v", delegate, want, err)
		}
	}
}

func TestNewRefusesSizesThatFollowFromTheData(t *testing.T) {
	m := tiny{op: tflite.BuiltinOperator_WHERE, in: tinyTensor{kind: tinyFloat32}, out: tinyTensor{kind: tinyInt64}}.model("float32")
	for _, delegate := range []string{"cpu", "xnnpack"} {
		e, err := New(m, Options{Delegate: delegate})
		if err == nil {
			e.Close()
			t.Fatal(delegate, ": accepted")
		}
		if !strings.Contains(err.Error(), "must be of fixed sizes") {
			t.Errorf("%s: the error does not name the reason: %v", delegate, err)
		}
	}
}

// A delegate could leave the output without memory, or with less than its shape says.
func TestOutputWithoutItsMemoryIsRefused(t *testing.T) {
	m := tiny{op: tflite.BuiltinOperator_LOGISTIC, in: tinyTensor{kind: tinyFloat32}, out: tinyTensor{kind: tinyFloat32}}
	model := tflite.NewModel(m.flatbuffer())
	defer model.Delete()
	interpreter := tflite.NewInterpreter(model, nil)
	defer interpreter.Delete()
	if _, err := newOutput(interpreter.GetOutputTensor(0), 3, false); err == nil || !strings.Contains(err.Error(), "no memory") {
		t.Errorf("before its tensors are allocated: %v", err)
	}
	if interpreter.AllocateTensors() != tflite.OK {
		t.Fatal("AllocateTensors failed")
	}
	for count, fits := range map[int]bool{2: false, 3: true, 4: false} {
		if _, err := newOutput(interpreter.GetOutputTensor(0), count, false); (err == nil) != fits {
			t.Errorf("%d scores in a tensor of 3: %v", count, err)
		}
	}
}
