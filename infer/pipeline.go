package infer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"edged/ringbuffer"
)

// Engine is the model with its window; *engine.Engine is one. All but Cancel are called from one goroutine.
type Engine interface {
	Push(rgb []byte) // moves the window on by a frame
	Hold()           // moves the window on by the frame that came last
	Invoke() error
	Scores(dst []float32)
	Cancel() // makes a running Invoke return soon
}

// Pipeline runs the model on the windows that a ring's frames make. Set its fields, then either call Run, or Step after
// each frame and Finish at the end: so a file gives the same events every time.
type Pipeline struct {
	Ring     *ringbuffer.Ring // its slots are the model's frames, [H,W,3] u8
	Engine   Engine
	Decider  *Decider
	Frames   int           // T, of the model
	Stride   int           // from one window to the next, in ticks of the sampling grid
	OnWindow func(*Window) // may be nil
	OnEvent  func(Event)
	Stats    Stats

	schedule *schedule
	seq      uint64 // of the last frame that was read
	window   Window
}

// Run waits for frames and steps until ctx ends, then it returns nil, or until the model fails. It must be called from
// the goroutine that made the Engine.
func (p *Pipeline) Run(ctx context.Context) error {
	notify := p.Ring.Notify()
	stop := context.AfterFunc(ctx, p.Engine.Cancel)
	defer stop()
	defer p.Finish()
	for {
		if err := p.Step(); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-notify:
		}
	}
}

// Step takes the frames that are new in the ring and runs the model once if a window is due. Where several are, the
// newest is the one, and the others count as skipped.
func (p *Pipeline) Step() error {
	if err := p.start(); err != nil {
		return err
	}
	if p.schedule.last.Epoch != p.Ring.Epoch() {
		p.gap()
	}
	if !p.takeFrames() {
		return nil
	}
	began := time.Now()
	err := p.Engine.Invoke()
	p.Stats.invoke.Add(int64(time.Since(began)))
	if err != nil {
		return fmt.Errorf("infer: window at %v: %w", p.schedule.last.Time, err)
	}
	p.decide()
	return nil
}

// Finish ends the actions that are on, as a gap does.
func (p *Pipeline) Finish() { p.Decider.Gap(p.OnEvent) }

func (p *Pipeline) start() error {
	if p.schedule != nil {
		return nil
	}
	if p.Frames < 1 || p.Stride < 1 {
		return errors.New("infer: frames and stride must be at least 1")
	}
	p.schedule = newSchedule(p.Frames, p.Stride)
	p.window.Scores = make([]float32, len(p.Decider.labels))
	return nil
}

// takeFrames brings the window up to date and says whether to run the model.
func (p *Pipeline) takeFrames() (due bool) {
	newest, ok := p.Ring.Newest()
	if !ok {
		return false
	}
	began := time.Now()
	if behind := newest.Seq - p.seq; behind > uint64(p.Ring.Slots()) {
		p.Stats.Lost.Add(behind - uint64(p.Ring.Slots()))
		p.seq = newest.Seq - uint64(p.Ring.Slots())
	}
	for p.seq < newest.Seq {
		p.seq++
		frame, rgb, ok := p.Ring.Pin(p.seq)
		if !ok {
			p.Stats.Lost.Add(1)
			continue
		}
		missing, follows := p.schedule.follows(frame)
		if !follows {
			if due {
				p.Stats.Skipped.Add(1)
				due = false
			}
			p.gap()
		}
		p.push(frame, rgb, missing)
		p.Ring.Unpin(p.seq)
		if p.schedule.due() {
			if due {
				p.Stats.Skipped.Add(1)
			}
			due = true
		}
	}
	p.Stats.squeeze.Add(int64(time.Since(began)))
	return due
}

func (p *Pipeline) push(frame ringbuffer.Frame, rgb []byte, missing int) {
	for range missing {
		p.Engine.Hold()
		p.schedule.hold()
		p.Stats.Held.Add(1)
	}
	p.Engine.Push(rgb)
	p.schedule.take(frame)
	p.Stats.Frames.Add(1)
}

func (p *Pipeline) gap() {
	if p.schedule.n == 0 {
		return
	}
	p.schedule.empty()
	p.Decider.Gap(p.OnEvent)
	p.Stats.Gaps.Add(1)
}

func (p *Pipeline) decide() {
	w := &p.window
	w.N++
	w.First, w.Time = p.schedule.span()
	p.Engine.Scores(w.Scores)
	p.Stats.Windows.Add(1)
	if slices.ContainsFunc(w.Scores, invalid) {
		p.Stats.Invalid.Add(1)
	}
	if p.OnWindow != nil {
		p.OnWindow(w)
	}
	p.Decider.Decide(w.Time, w.Scores, p.OnEvent)
}
