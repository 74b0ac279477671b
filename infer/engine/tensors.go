package engine

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/mattn/go-tflite"

	"edged/models"
)

// checkTensors compares the model's tensors with its manifest and labels and names every difference.
func checkTensors(i *tflite.Interpreter, m *models.Model) error {
	if n := i.GetInputTensorCount(); n != 1 {
		return fmt.Errorf("the model has %d inputs; edged fills one", n)
	}
	if err := checkOutputCount(i.GetOutputTensorCount(), m.Manifest.Embedding.Size); err != nil {
		return err
	}
	input := describeTensor(i.GetInputTensor(0))
	output := describeTensor(i.GetOutputTensor(0))
	errs := append(checkInput(input, &m.Manifest), checkOutput(output, len(m.Labels))...)
	if m.Manifest.Embedding.Size > 0 {
		errs = append(errs, checkEmbedding(describeTensor(i.GetOutputTensor(1)), m.Manifest.Embedding.Size))
	}
	return errors.Join(errs...)
}

func checkOutputCount(outputs, embedding int) error {
	switch {
	case embedding == 0 && outputs != 1:
		return fmt.Errorf("the model has %d outputs; edged reads one, and a second where the manifest declares an embedding", outputs)
	case embedding > 0 && outputs != 2:
		return fmt.Errorf("the model has %d outputs, and its manifest declares an embedding, the second of two", outputs)
	}
	return nil
}

func checkEmbedding(t Tensor, size int) error {
	if len(t.Shape) != 2 || t.Shape[0] != 1 || t.Shape[1] != size {
		return fmt.Errorf("embedding has %d numbers in the manifest, the model's second output is %v; must be [1 %d]", size, t.Shape, size)
	}
	if t.Type != "float32" && !(t.Type == "int8" && t.Scale > 0) {
		return fmt.Errorf("the embedding is %s with scale %g; edged reads float32, and int8 with a scale above 0", t.Type, t.Scale)
	}
	return nil
}

// memory returns the elements of an allocated tensor. They stay in place as long as every tensor of the model has a fixed size, which
// the probe makes sure of.
func memory(t *tflite.Tensor) ([]byte, error) {
	if t.Data() == nil {
		return nil, fmt.Errorf("tensor %q has no memory", t.Name())
	}
	return unsafe.Slice((*byte)(t.Data()), t.ByteSize()), nil
}

func checkInput(t Tensor, m *models.Manifest) (errs []error) {
	differ := func(key string, manifest, model any) {
		errs = append(errs, fmt.Errorf("%s is %v in the manifest, %v in the model's input tensor %v; correct the manifest",
			key, manifest, model, t.Shape))
	}
	if len(t.Shape) != 4 || t.Shape[0] != 1 {
		return []error{fmt.Errorf("the input tensor's shape is %v; must be [1 height width 3*frames]", t.Shape)}
	}
	if t.Type != m.InputType {
		differ("input_type", m.InputType, t.Type)
	}
	if t.Shape[1] != m.Height {
		differ("height", m.Height, t.Shape[1])
	}
	if t.Shape[2] != m.Width {
		differ("width", m.Width, t.Shape[2])
	}
	if channels := t.Shape[3]; channels != 3*m.Frames {
		differ("frames", fmt.Sprintf("%d (%d channels)", m.Frames, 3*m.Frames), fmt.Sprintf("%d channels", channels))
	}
	return errs
}

func checkOutput(t Tensor, labels int) (errs []error) {
	scores := int64(1)
	for _, n := range t.Shape {
		scores = min(scores*int64(n), 1<<31)
	}
	if scores != int64(labels) {
		errs = append(errs, fmt.Errorf("labels.txt has %d labels, the model's output tensor %v has %d scores", labels, t.Shape, scores))
	}
	switch t.Type {
	case "int8", "uint8", "float32":
	default:
		errs = append(errs, fmt.Errorf("the output tensor is %s; edged reads int8, uint8 and float32", t.Type))
	}
	if (t.Type == "int8" || t.Type == "uint8") && !(t.Scale > 0) {
		errs = append(errs, fmt.Errorf("the output tensor is %s with scale %g; a quantized tensor's is above 0", t.Type, t.Scale))
	}
	return errs
}
