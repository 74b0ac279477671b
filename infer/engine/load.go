package engine

import (
	"github.com/mattn/go-tflite"

	"edged/infer/delegate"
	"edged/models"
)

// load builds everything for one delegate. It returns a reason if this delegate cannot run the model, and an error if none can.
func (e *Engine) load(m *models.Model, d delegate.Delegate, o Options) (reason, err error) {
	if e.model, err = loadModel(m.Data, e.report); err != nil {
		return nil, err
	}
	if e.probe, reason = openProbe(d, o); reason != nil {
		return reason, nil
	}
	if reason := e.prepare(o.Threads); reason != nil {
		return reason, nil
	}
	if err := checkTensors(e.interpreter, m); err != nil {
		return nil, err
	}
	if reason := e.probe.refused(d); reason != nil {
		return reason, nil
	}
	// The check above makes sure that the sizes in the file are sane before memory is taken for them. But the file may lie: only
	// AllocateTensors works out the real ones.
	if e.interpreter.AllocateTensors() != tflite.OK {
		return e.report.err("allocate tensors"), nil
	}
	if err := checkTensors(e.interpreter, m); err != nil {
		return nil, err
	}
	return e.open(m, d, o), nil
}

// prepare makes the interpreter, which hands the graph to the delegate.
func (e *Engine) prepare(threads int) error {
	e.options = tflite.NewInterpreterOptions()
	e.options.SetNumThread(threads)
	e.report.attach(e.options)
	e.options.AddDelegate(e.probe)
	if e.options.EnableCancellation(true) != tflite.OK {
		return e.report.err("enable cancellation")
	}
	e.interpreter = tflite.NewInterpreter(&e.model.Model, e.options)
	if e.interpreter == nil {
		return e.report.err("prepare the model, whose tensors must be of fixed sizes")
	}
	return nil
}

// open gets at the tensors and runs the model once. From here on a delegate that runs all nodes needs nothing of the model's file.
func (e *Engine) open(m *models.Model, d delegate.Delegate, o Options) (err error) {
	e.output, err = newOutput(e.interpreter.GetOutputTensor(0), len(m.Labels), m.Manifest.Output == models.Logits)
	if err != nil {
		return err
	}
	if size := m.Manifest.Embedding.Size; size > 0 {
		if e.embedding, err = newOutput(e.interpreter.GetOutputTensor(1), size, false); err != nil {
			return err
		}
	}
	e.describe(m, d, o)
	m.Release()
	return e.openInput(&m.Manifest)
}
