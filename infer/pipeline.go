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

// Clip is one view's window in the model's input. *engine.Clip is one. All calls come from one goroutine.
type Clip interface {
	Push(rgb []byte) // moves the window on by this frame
	Hold()           // moves the window on by the frame that came last
	Clear()          // erases all frames
	Invoke() error   // runs the model on the window
	Scores(dst []float32)
}

// Embedder is a Clip of a model with an embedding.
type Embedder interface {
	Embedding(dst []float32)
}

// Pipeline runs the model on the windows of one view. Set its fields, then put it into a Loop. For a file, call Step after
// each frame and Finish at the end instead: the same file then gives the same events every time.
type Pipeline struct {
	Ring         *ringbuffer.Ring
	Offset, Size int // of the view's picture in a slot, [H,W,3] u8; Size 0 stands for the whole slot
	Clip         Clip
	Decider      *Decider
	Gate         *Gate         // nil: the model runs on every window
	Targets      *Targets      // nil: the model judges the whole view; else each target by itself, and there is no Gate
	Frames       int           // T, of the model
	Stride       int           // ticks of the sampling grid from one window to the next
	Embedding    int           // numbers of the model's second output that each Window shall have; 0: none. Clip must be an Embedder then
	Judge        Judge         // of actions that users taught; nil: there are none
	OnWindow     func(*Window) // may be nil
	OnEvent      func(Event)
	Stats        Stats

	begin    atomic.Uint64 // the view uses no frame before this one
	schedule *schedule
	seq      uint64 // of the last frame that was read
	due      bool   // a window waits for the model
	window   Window
	taught   *taught   // nil without a Judge
	nothing  []float32 // the scores of a window without motion: all 0
}

// Begin makes the view use frames from that one on. Any goroutine may call it at any time.
func (p *Pipeline) Begin(seq uint64) { p.begin.Store(seq) }

// Pause makes the view use no frame until Begin. The next frame ends any action in progress. Any goroutine may call it.
func (p *Pipeline) Pause() { p.Begin(math.MaxUint64) }

// Step takes the new frames from the ring and runs the model if a window is due, once for each target if targets are followed. Where several
// windows of the view are due, it runs on the newest and counts the others as skipped.
func (p *Pipeline) Step() error {
	if err := p.advance(); err != nil {
		return err
	}
	for p.due {
		if err := p.run(); err != nil {
			return err
		}
	}
	return nil
}

// Finish ends all actions in progress, as a gap does.
func (p *Pipeline) Finish() {
	p.gapTaught()
	if p.Targets != nil {
		p.Targets.gap(false)
		p.Targets.Close()
		return
	}
	p.Decider.Gap(p.OnEvent)
}

// advance brings the window up to date and sets due if the model is to run on it.
func (p *Pipeline) advance() error {
	if err := p.start(); err != nil {
		return err
	}
	if p.schedule.last.Epoch != p.Ring.Epoch() {
		p.gap(false)
	}
	if newest, ok := p.Ring.Newest(); ok && newest > p.seq {
		began := time.Now()
		p.takeFrames(newest)
		p.Stats.squeeze.Add(int64(time.Since(began)))
	}
	if p.Targets != nil {
		return p.Targets.err
	}
	return nil
}

// run runs the model on the window that is due.
func (p *Pipeline) run() error {
	p.due = false
	if p.Targets != nil {
		return p.runTarget()
	}
	if err := p.invoke(); err != nil {
		return err
	}
	if p.schedule.last.Epoch != p.Ring.Epoch() { // the camera was lost while the model ran: the window is out of date
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
	if p.Embedding > 0 {
		p.window.Embedding = make([]float32, p.Embedding)
	}
	p.nothing = make([]float32, len(p.Decider.labels))
	if p.Judge != nil {
		p.taught = newTaught(p)
	}
	if p.Targets != nil {
		p.Targets.start(p)
	}
	return nil
}

// takeFrames moves the window on by all frames up to newest.
func (p *Pipeline) takeFrames(newest uint64) {
	slots := uint64(p.Ring.Slots())
	if behind := newest - p.seq; behind > slots {
		p.Stats.Lost.Add(behind - slots)
		p.seq = newest - slots
	}
	for p.seq < newest {
		p.seq++
		p.takeFrame(p.seq)
	}
	p.Stats.Seen.Store(p.seq)
}

func (p *Pipeline) takeFrame(seq uint64) {
	frame, slot, ok := p.Ring.Pin(seq)
	if !ok {
		p.Stats.Lost.Add(1)
		return
	}
	defer p.Ring.Unpin()
	if seq < p.begin.Load() {
		p.gap(false)
		return
	}
	p.push(frame, p.picture(slot))
	if p.schedule.due() {
		p.schedule.skipStride()
		p.demand(frame.Time)
	}
}

// picture returns the view's part of a slot.
func (p *Pipeline) picture(slot []byte) []byte {
	if p.Size == 0 {
		return slot
	}
	return slot[p.Offset : p.Offset+p.Size]
}

// push moves the window on by the frame, and by the frame before it for each tick that is missing between them.
func (p *Pipeline) push(frame ringbuffer.Frame, rgb []byte) {
	if p.Targets != nil && p.Targets.otherSize(rgb) { // the camera was turned: what was seen does not fit what comes
		p.gap(false)
	}
	missing, follows := p.schedule.follows(frame)
	if !follows {
		p.gap(frame.Epoch == p.schedule.last.Epoch)
	}
	for range missing {
		p.hold()
		p.schedule.hold()
		p.Stats.Held.Add(1)
	}
	if p.Targets != nil {
		p.Targets.take(frame.Seq, frame.Time, rgb)
	} else {
		p.Clip.Push(rgb)
		p.Gate.push(rgb)
	}
	p.schedule.take(frame)
	p.Stats.Frames.Add(1)
}

func (p *Pipeline) hold() {
	if p.Targets != nil {
		p.Targets.hold()
		return
	}
	p.Clip.Hold()
	p.Gate.hold()
}

// demand asks for a run of the model on the window that ends at t, unless nothing moves in it. While an action is in
// progress the model must end it: someone who stands still for a moment has not gone.
func (p *Pipeline) demand(t time.Duration) {
	if p.Targets != nil {
		p.demandTargets(t)
		return
	}
	p.drop()
	p.Gate.measure(t)
	open := p.Gate.open()
	if open {
		p.Gate.noteRun()
	}
	p.due = open || !p.quiet()
	if !p.due {
		p.Stats.Gated.Add(1)
		p.Decider.Decide(t, p.nothing, p.OnEvent)
		p.taught.still(t)
		p.Gate.learn()
	}
}

// quiet reports whether no action is in progress.
func (p *Pipeline) quiet() bool { return p.Decider.quiet() && p.taught.quiet() }

// drop gives up the window that waits for the model, if there is one.
func (p *Pipeline) drop() {
	if p.Targets != nil {
		p.Stats.Skipped.Add(uint64(p.Targets.drop()))
		p.due = false
		return
	}
	if p.due {
		p.due = false
		p.Stats.Skipped.Add(1)
	}
}

// gap empties the window and ends all actions in progress. After a short gap, in which the camera stayed online, the rules go on.
func (p *Pipeline) gap(short bool) {
	if !p.schedule.any {
		return
	}
	p.drop()
	p.schedule.empty()
	p.Clip.Clear()
	p.Stats.Gaps.Add(1)
	p.gapTaught()
	switch {
	case p.Targets != nil:
		p.Targets.gap(short)
		return
	case short:
		p.Decider.Pause(p.OnEvent)
	default:
		p.Decider.Gap(p.OnEvent)
	}
	p.Gate.reset()
}

// gapTaught ends all actions that users taught.
func (p *Pipeline) gapTaught() {
	if p.taught != nil {
		p.taught.gap()
		p.Judge.Gap()
	}
}

func (p *Pipeline) decide() {
	w := p.finishWindow()
	p.Decider.Decide(w.Time, w.Scores, p.OnEvent)
	p.taught.window(w)
	if p.quiet() {
		p.Gate.learn()
	}
}

// finishWindow takes the scores of the window that the model has just run on.
func (p *Pipeline) finishWindow() *Window {
	w := &p.window
	w.N++
	w.Time = p.schedule.last.Time
	p.Clip.Scores(w.Scores)
	if p.Embedding > 0 {
		p.Clip.(Embedder).Embedding(w.Embedding)
	}
	p.Stats.Windows.Add(1)
	if slices.ContainsFunc(w.Scores, invalid) {
		p.Stats.Invalid.Add(1)
	}
	if p.OnWindow != nil {
		p.OnWindow(w)
	}
	return w
}

// demandTargets asks for a run of the model on the window of each target. Where nothing moves, there is none.
func (p *Pipeline) demandTargets(t time.Duration) {
	p.drop()
	p.due = p.Targets.demand(t)
	if !p.due {
		p.Stats.Gated.Add(1)
		p.taught.still(p.schedule.last.Time)
	}
}

// invoke runs the model on what its input holds, and notes how long that takes.
func (p *Pipeline) invoke() error {
	began := time.Now()
	err := p.Clip.Invoke()
	took := time.Since(began)
	p.Stats.invoke.Add(int64(took))
	p.Stats.Invokes.Add(took)
	if err != nil {
		return fmt.Errorf("infer: window at %v: %w", p.schedule.last.Time, err)
	}
	return nil
}

// runTarget runs the model on the window of the target that has waited longest. Others stay due: the views take turns.
func (p *Pipeline) runTarget() error {
	began := time.Now()
	target, ok := p.Targets.load()
	p.due = p.Targets.waiting()
	p.Stats.squeeze.Add(int64(time.Since(began)))
	if !ok {
		p.Stats.Skipped.Add(1)
		return nil
	}
	if err := p.invoke(); err != nil {
		return err
	}
	if p.schedule.last.Epoch != p.Ring.Epoch() {
		p.Stats.Skipped.Add(1)
		return nil
	}
	p.window.Track, p.window.Box = target.ID, target.Box
	w := p.finishWindow()
	p.Targets.decide(target, w.Time, w.Scores)
	p.taught.window(w)
	return nil
}
