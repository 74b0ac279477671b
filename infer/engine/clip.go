package engine

import (
	"bytes"
	"fmt"

	"edged/infer/squeeze"
)

// Clip holds the last T frames of one view as the model's input. It belongs to its Engine's goroutine.
//
// If an Engine has a single Clip, the Clip lies in the input tensor itself: a frame is written once and nothing is copied. If there
// are several, or a delegate overwrites its input, each Clip has its own memory, which is copied into the tensor before each run.
type Clip struct {
	e      *Engine
	window *squeeze.Window
	own    []byte // nil: the window lies in the input tensor
}

// NewClip returns a Clip without frames. The result of Invoke means nothing until T frames have been pushed.
func (e *Engine) NewClip() (*Clip, error) {
	c := &Clip{e: e}
	if !e.info.InputKept || len(e.clips) > 0 {
		c.own = make([]byte, len(e.input))
	}
	if err := c.makeWindow(); err != nil {
		return nil, err
	}
	if len(e.clips) == 1 && e.clips[0].own == nil { // it had the tensor for itself so far
		first := e.clips[0]
		first.own = bytes.Clone(e.input)
		if err := first.makeWindow(); err != nil {
			return nil, err
		}
	}
	e.clips = append(e.clips, c)
	return c, nil
}

// makeWindow makes the window over the clip's memory and does not change its content.
func (c *Clip) makeWindow() (err error) {
	memory := c.own
	if memory == nil {
		memory = c.e.input
	}
	if c.window, err = squeeze.New(memory, c.e.layout, c.e.table); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	return nil
}

// Push moves the window on by one frame, [H,W,3] u8 of the manifest's size.
func (c *Clip) Push(rgb []byte) { c.window.Push(rgb) }

// Hold moves the window on by the frame that came last, for a tick of the sampling grid without a frame.
func (c *Clip) Hold() { c.window.Hold() }

// Clear erases all frames. The window means nothing until T frames have been pushed again.
func (c *Clip) Clear() {
	clear(c.own)
	clear(c.e.input)
}

// Invoke runs the model on the window. It doesn't allocate.
func (c *Clip) Invoke() error {
	if c.own != nil {
		copy(c.e.input, c.own)
	}
	return c.e.check(int(c.e.interpreter.Invoke()))
}

// Scores writes a probability for each label into dst. They are those of the Engine's last run, of this Clip or another. It doesn't
// allocate.
func (c *Clip) Scores(dst []float32) { c.e.output.probabilities(dst) }

// Embedding writes the model's second output into dst, which has one place for each of the manifest's Embedding.Size numbers. They are
// those of the Engine's last run. Without an embedding it writes nothing. It doesn't allocate.
func (c *Clip) Embedding(dst []float32) { c.e.embedding.values(dst) }
