package infer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"edged/ringbuffer"
)

// Clip is the model's input for one view: its window. *engine.Clip is one. Its calls come from one goroutine.
type Clip interface {
	Push(rgb []byte) // moves the window on by a frame
	Hold()           // moves the window on by the frame that came last
	Clear()          // leaves nothing of any frame
	Invoke() error   // runs the model on the window
	Scores(dst []float32)
}

// Pipeline runs the model on the windows that one view's frames make. Set its fields, then either put it into a Loop, or
// call Step after each frame and Finish at the end: so a file gives the same events every time.
type Pipeline struct {
	Ring         *ringbuffer.Ring
	Offset, Size int // of the view's picture in a slot, [H,W,3] u8; Size 0: it is all of the slot
	Clip         Clip
	Decider      *Decider
	Gate         *Gate         // nil: every window is looked at
	Frames       int           // T, of the model
	Stride       int           // from one window to the next, in ticks of the sampling grid
	OnWindow     func(*Window) // may be nil
	OnEvent      func(Event)
	Stats        Stats

	begin    atomic.Uint64 // frames before this one are not for this view
	schedule *schedule
	seq      uint64 // of the last frame that was read
	due      bool   // the window waits for the model
	window   Window
	nothing  []float32 // the scores of a window without motion
}

// Begin says that the view is watched from that frame on. It may be called at any time, from any goroutine.
func (p *Pipeline) Begin(seq uint64) { p.begin.Store(seq) }

// Pause says that the view is not watched: with the next frame, what is on ends.
func (p *Pipeline) Pause() { p.Begin(math.MaxUint64) }

// Step takes the frames that are new in the ring and runs the model once if a window is due. Where several are, the
// newest is the one, and the others count as skipped.
func (p *Pipeline) Step() error {
	if err := p.advance(); err != nil || !p.due {
		return err
	}
	return p.run()
}

// Finish ends the actions that are on, as a gap does.
func (p *Pipeline) Finish() { p.Decider.Gap(p.OnEvent) }

// advance brings the window up to date, and sets due where it is to be looked at.
func (p *Pipeline) advance() error {
	if err := p.start(); err != nil {
		return err
	}
	if p.schedule.last.Epoch != p.Ring.Epoch() {
		p.gap()
	}
	if newest, ok := p.Ring.Newest(); ok && newest.Seq > p.seq {
		began := time.Now()
		p.takeFrames(newest)
		p.Stats.squeeze.Add(int64(time.Since(began)))
	}
	return nil
}

// run runs the model on the window that is due.
func (p *Pipeline) run() error {
	p.due = false
	began := time.Now()
	err := p.Clip.Invoke()
	p.Stats.invoke.Add(int64(time.Since(began)))
	if err != nil {
		return fmt.Errorf("infer: window at %v: %w", p.schedule.last.Time, err)
	}
	if p.schedule.last.Epoch != p.Ring.Epoch() { // the camera went away meanwhile: what it showed is over
		p.Stats.Skipped.Add(1)
		return nil
	}
	p.decide()
	return nil
}

func (p *Pipeline) start() error {
	if p.schedule != nil {
		return nil
	}
	if p.Frames < 1 || p.Stride < 1 {
		return errors.New("infer: frames and stride must be at least 1")
	}
	p.schedule = newSchedule(p.Frames, p.Stride)
	p.window.Scores = make([]float32, len(p.Decider.labels))
	p.nothing = make([]float32, len(p.Decider.labels))
	return nil
}

// takeFrames moves the window on by the frames up to the newest.
func (p *Pipeline) takeFrames(newest ringbuffer.Frame) {
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
		if p.seq < p.begin.Load() {
			p.gap()
		} else {
			p.take(frame, p.picture(rgb))
		}
		p.Ring.Unpin(p.seq)
	}
	p.Stats.Seen.Store(p.seq)
}

// picture is the view's part of a slot.
func (p *Pipeline) picture(slot []byte) []byte {
	if p.Size == 0 {
		return slot
	}
	return slot[p.Offset : p.Offset+p.Size]
}

func (p *Pipeline) take(frame ringbuffer.Frame, rgb []byte) {
	missing, follows := p.schedule.follows(frame)
	if !follows {
		p.gap()
	}
	for range missing {
		p.Clip.Hold()
		p.Gate.hold()
		p.schedule.hold()
		p.Stats.Held.Add(1)
	}
	p.Clip.Push(rgb)
	p.Gate.push(rgb)
	p.schedule.take(frame)
	p.Stats.Frames.Add(1)
	if !p.schedule.due() {
		return
	}
	p.skip()
	// What is on, the model itself must end: someone who stands still for a moment has not gone.
	if p.due = p.Gate.open(frame.Time) || !p.Decider.quiet(); !p.due {
		p.Stats.Gated.Add(1)
		p.Decider.Decide(frame.Time, p.nothing, p.OnEvent)
		p.Gate.learn()
	}
}

// skip drops the window that waits, if there is one.
func (p *Pipeline) skip() {
	if p.due {
		p.due = false
		p.Stats.Skipped.Add(1)
	}
}

func (p *Pipeline) gap() {
	if !p.schedule.any {
		return
	}
	p.skip()
	p.schedule.empty()
	p.Clip.Clear()
	p.Gate.reset()
	p.Decider.Gap(p.OnEvent)
	p.Stats.Gaps.Add(1)
}

func (p *Pipeline) decide() {
	w := &p.window
	w.N++
	w.Time = p.schedule.last.Time
	p.Clip.Scores(w.Scores)
	p.Stats.Windows.Add(1)
	if slices.ContainsFunc(w.Scores, invalid) {
		p.Stats.Invalid.Add(1)
	}
	if p.OnWindow != nil {
		p.OnWindow(w)
	}
	p.Decider.Decide(w.Time, w.Scores, p.OnEvent)
	if p.Decider.quiet() {
		p.Gate.learn()
	}
}
