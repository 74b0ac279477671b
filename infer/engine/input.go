package engine

import (
	"github.com/mattn/go-tflite"

	"edged/infer/squeeze"
	"edged/models"
)

// openInput gets at the input tensor and prepares what writes windows into it. The tensor matches the manifest: checkTensors has
// checked that.
func (e *Engine) openInput(m *models.Manifest) error {
	tensor := e.interpreter.GetInputTensor(0)
	var err error
	if e.input, err = memory(tensor); err != nil {
		return err
	}
	if e.info.InputKept, err = e.warmUp(); err != nil {
		return err
	}
	element, err := squeeze.ParseType(m.InputType)
	if err != nil {
		return err
	}
	q := tensor.QuantizationParams()
	e.table, err = squeeze.NewTable(element, m.Mean, m.Std, squeeze.Quantization{Scale: q.Scale, ZeroPoint: q.ZeroPoint})
	e.layout = squeeze.Layout{Height: m.Height, Width: m.Width, Frames: m.Frames, ColorMajor: m.ChannelOrder == models.ColorMajor}
	return err
}

// warmUp runs the model once, so that the first window is not slower than the others. It reports whether the run left the input
// unchanged: TFLite's own kernels and XNNPACK do that, but other delegates need not.
func (e *Engine) warmUp() (kept bool, err error) {
	for i := range e.input {
		e.input[i] = warmUpByte(i)
	}
	if e.interpreter.Invoke() != tflite.OK {
		return false, e.report.err("first run")
	}
	for i := range e.input {
		if e.input[i] != warmUpByte(i) {
			return false, nil
		}
	}
	return true, nil
}

// warmUpByte returns a byte of the warm-up's input. Keeping a copy to compare with would take as much memory as the tensor.
func warmUpByte(i int) byte {
	if i%4 == 3 {
		return 0x3e // as the top byte of a little-endian float32: between 0.1 and 0.2
	}
	return byte(i)
}
