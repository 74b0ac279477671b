// Package engine runs a model on TFLite: it loads the library's delegates, checks the model's tensors against its
// manifest, keeps the window in the input tensor and turns the output tensor into probabilities. Several views share one
// engine by a Clip each.
package engine

// #include "abi.h"
// #include "report.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/mattn/go-tflite"

	"edged/infer/delegate"
	"edged/infer/squeeze"
	"edged/models"
)

// Options say how a model is run. The zero value is XNNPACK on one thread.
type Options struct {
	Delegate string            // see delegate.Parse; "" is xnnpack
	Plugin   map[string]string // options that an external delegate's plugin is given
	Threads  int               // that TFLite and XNNPACK use; 0 is 1
	Strict   bool              // a delegate that cannot be had is an error, not a reason for the next best
}

// Engine is one model, ready to run. It belongs to the goroutine that called New; only Cancel may be called from
// another one.
type Engine struct {
	model       *cModel
	report      *report
	options     *tflite.InterpreterOptions
	probe       *probe
	interpreter *tflite.Interpreter

	bound     bool // to the thread that made it
	info      Info
	table     *squeeze.Table
	layout    squeeze.Layout
	input     []byte // the input tensor's memory
	kept      bool   // Invoke leaves it as it was
	clips     []*Clip
	output    output
	embedding output // of the second tensor; empty if the model has none

	mu     sync.Mutex // guards closed, so that Cancel finds an interpreter
	closed bool
}

// ErrCancelled is what Invoke returns after Cancel stopped it.
var ErrCancelled = errors.New("cancelled")

// New loads the model with the delegate that the options name, or with the next best one: Info says which, and why.
// With a GPU's delegate or a plugin it locks the goroutine to its OS thread until Close: a GPU's work on the thread that prepared them
// alone.
func New(m *models.Model, o Options) (*Engine, error) {
	wanted, err := delegate.Parse(o.Delegate)
	if err != nil {
		return nil, err
	}
	if o.Threads < 0 {
		return nil, fmt.Errorf("engine: %d threads; must be at least 1", o.Threads)
	}
	o.Threads = max(o.Threads, 1)
	runtime.LockOSThread()
	e, err := newEngine(m, wanted, o)
	if err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("engine: %s: %w", m.Path, err)
	}
	if !e.bound {
		runtime.UnlockOSThread() // for a locked goroutine each wake-up takes two more switches of threads
	}
	return e, nil
}

func newEngine(m *models.Model, wanted delegate.Delegate, o Options) (*Engine, error) {
	var fallbacks []Fallback
	for _, d := range wanted.Chain() {
		e := &Engine{report: newReport()}
		reason, err := e.load(m, d, o)
		if err == nil && reason == nil {
			e.info.Requested, e.info.Fallbacks = wanted.String(), fallbacks
			e.bound = d.Kind == delegate.GPU || d.Kind == delegate.External
			return e, nil
		}
		e.free()
		if err != nil {
			return nil, err
		}
		if o.Strict {
			return nil, fmt.Errorf("delegate %s: %w", d, reason)
		}
		fallbacks = append(fallbacks, Fallback{d.String(), reason.Error()})
	}
	return nil, fmt.Errorf("delegate %s: %s", wanted, fallbacks[len(fallbacks)-1].Reason)
}

// load builds everything for one delegate. The reason says why that delegate will not do; err, that none will.
func (e *Engine) load(m *models.Model, d delegate.Delegate, o Options) (reason, err error) {
	if e.model, err = loadModel(m.Data, e.report); err != nil {
		return nil, err
	}
	if e.probe, reason = openProbe(d, o); reason != nil {
		return reason, nil
	}
	e.options = tflite.NewInterpreterOptions()
	e.options.SetNumThread(o.Threads)
	e.report.attach(e.options)
	e.options.AddDelegate(e.probe)
	if e.options.EnableCancellation(true) != tflite.OK {
		return nil, e.report.err("enable cancellation")
	}
	e.interpreter = tflite.NewInterpreter(&e.model.Model, e.options)
	if e.interpreter == nil {
		return e.report.err("prepare the model, whose tensors must be of fixed sizes"), nil
	}
	if err := checkTensors(e.interpreter, m); err != nil {
		return nil, err
	}
	if reason := e.probe.refused(d); reason != nil {
		return reason, nil
	}
	// The sizes that the file names are known to be sane before memory is taken for them. But they are the file's word:
	// only now have the operators worked out their own.
	if e.interpreter.AllocateTensors() != tflite.OK {
		return e.report.err("allocate tensors"), nil
	}
	if err := checkTensors(e.interpreter, m); err != nil {
		return nil, err
	}
	if err := e.openInput(&m.Manifest); err != nil {
		return err, nil
	}
	e.output, reason = newOutput(e.interpreter.GetOutputTensor(0), len(m.Labels), m.Manifest.Output == models.Logits)
	if reason != nil {
		return reason, nil
	}
	if size := m.Manifest.Embedding.Size; size > 0 {
		if e.embedding, reason = newOutput(e.interpreter.GetOutputTensor(1), size, false); reason != nil {
			return reason, nil
		}
	}
	e.describe(d, o)
	return nil, nil
}

// InvokeTimes runs the model n times in one C call: the bare loop that Invoke's cost is compared with.
func (e *Engine) InvokeTimes(n int) error {
	return e.check(int(C.edged_invoke(*handle(e.interpreter), C.int64_t(n))))
}

func (e *Engine) check(status int) error {
	switch status {
	case C.EDGED_OK:
		return nil
	case C.EDGED_CANCELLED:
		e.report.take()
		return ErrCancelled
	}
	return fmt.Errorf("engine: %w", e.report.err("run the model"))
}

// Info says what runs.
func (e *Engine) Info() Info { return e.info }

// Cancel makes a running Invoke return ErrCancelled. TFLite looks between two nodes only, and a delegate's part of the
// graph is one node: with everything delegated, Invoke ends by itself first. Safe from any goroutine, also after Close.
func (e *Engine) Cancel() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.interpreter.Cancel()
	}
}

// Close frees everything. It may be called twice.
func (e *Engine) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.closed = true
	e.free()
	if e.bound {
		runtime.UnlockOSThread()
	}
}

// free is also for an engine that load left half built. The interpreter uses the delegate until it ends, both refer to
// the model, and all of them may report.
func (e *Engine) free() {
	e.interpreter.Delete()
	e.probe.Delete()
	e.options.Delete()
	e.model.Delete()
	e.report.free()
}
