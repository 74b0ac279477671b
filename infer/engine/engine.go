// Package engine runs a model on TFLite. It loads the library's delegates, checks the model's tensors against its manifest, keeps
// the window in the input tensor and turns the output tensor into probabilities. Several views share one engine, with a Clip each.
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
	"edged/internal/self"
	"edged/models"
)

// Options say how a model runs. The zero value is XNNPACK on one thread.
type Options struct {
	Delegate    string            // see delegate.Parse; "" is xnnpack
	Plugin      map[string]string // options for an external delegate's plugin
	Threads     int               // of TFLite and XNNPACK; 0 is 1
	Strict      bool              // New fails if the delegate cannot run, instead of taking the next best
	WeightCache string            // file with XNNPACK's packed weights, which XNNPACK writes if it is absent; "": packed in memory
}

// Engine is one model, ready to run. It belongs to the goroutine that called New; only Cancel may be called from another one.
type Engine struct {
	source      *models.Model // keeps its file mapped
	model       *cModel
	report      *report
	options     *tflite.InterpreterOptions
	probe       *probe
	interpreter *tflite.Interpreter

	bound     bool // to the OS thread that made it
	info      Info
	table     *squeeze.Table
	layout    squeeze.Layout
	input     []byte // the input tensor's memory
	clips     []*Clip
	output    output
	embedding output // of the second tensor; empty if the model has none

	mu     sync.Mutex // guards closed, so that Cancel finds an interpreter
	closed bool
}

// ErrCancelled is what Invoke returns after Cancel stopped it.
var ErrCancelled = errors.New("cancelled")

// New loads the model with the delegate that the options name, or with the next best one: Info says which, and why. With a GPU
// delegate or a plugin it locks the goroutine to its OS thread until Close, because a GPU only works on the thread that prepared it.
func New(m *models.Model, o Options) (*Engine, error) {
	requested, err := delegate.Parse(o.Delegate)
	if err != nil {
		return nil, err
	}
	if o.Threads < 0 {
		return nil, fmt.Errorf("engine: %d threads; must be at least 1", o.Threads)
	}
	o.Threads = max(o.Threads, 1)
	before, _ := self.Memory("RssAnon") // an old kernel has none
	runtime.LockOSThread()
	e, err := newEngine(m, requested, o)
	if err != nil {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("engine: %s: %w", m.Path, err)
	}
	after, _ := self.Memory("RssAnon")
	e.info.MemoryBytes = max(0, int64(after)-int64(before))
	if !e.bound {
		runtime.UnlockOSThread() // each wake-up of a locked goroutine takes two more switches of threads
	}
	return e, nil
}

// newEngine tries one delegate after the other.
func newEngine(m *models.Model, requested delegate.Delegate, o Options) (*Engine, error) {
	var fallbacks []Fallback
	for _, d := range requested.Chain() {
		e := &Engine{source: m, report: newReport()}
		reason, err := e.load(m, d, o)
		if err == nil && reason == nil {
			e.info.Requested, e.info.Fallbacks = requested.String(), fallbacks
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
	return nil, fmt.Errorf("delegate %s: %s", requested, fallbacks[len(fallbacks)-1].Reason)
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

// Info describes what runs.
func (e *Engine) Info() Info { return e.info }

// Cancel makes a running Invoke return ErrCancelled. TFLite looks for it only between two nodes, and a delegate's part of the graph
// is one node: if everything is delegated, Invoke ends by itself first. Any goroutine may call it, even after Close.
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

// free also frees an engine that load left half built. The order matters: the interpreter uses the delegate until its end, both
// refer to the model, and all of them may report.
func (e *Engine) free() {
	e.interpreter.Delete()
	e.probe.Delete()
	e.options.Delete()
	e.model.Delete()
	e.report.free()
}
