package infer

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edged/ringbuffer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeEngine records the windows that it is run on. A frame is one byte, its newest score that byte / 100.
type fakeEngine struct {
	frames    int
	window    []byte
	windows   [][]byte
	fail      error
	onInvoke  func()
	cancelled chan struct{}
}

func (e *fakeEngine) Push(rgb []byte) { e.window = append(e.window, rgb[0]) }
func (e *fakeEngine) Hold()           { e.window = append(e.window, e.window[len(e.window)-1]) }
func (e *fakeEngine) Clear()          { e.window = e.window[:0] }
func (e *fakeEngine) Invoke() error {
	e.windows = append(e.windows, bytes.Clone(e.window[len(e.window)-e.frames:]))
	if e.onInvoke != nil {
		e.onInvoke()
	}
	return e.fail
}

func (e *fakeEngine) Scores(dst []float32) {
	newest := float32(e.window[len(e.window)-1]) / 100
	dst[0], dst[1] = 1-newest, newest
}
func (e *fakeEngine) Cancel() { close(e.cancelled) }

func (r *rig) run(ctx context.Context) error {
	l := Loop{Pipelines: []*Pipeline{r.Pipeline}, Cancel: r.engine.Cancel}
	return l.Run(ctx)
}

type rig struct {
	*testing.T
	ring   *ringbuffer.Ring
	engine *fakeEngine
	*Pipeline
	times  []time.Duration // of each window
	events []Event
}

func newRig(t *testing.T, frames, stride, slots int) *rig {
	t.Helper()
	d, err := NewDecider([]string{"still", "move"}, DeciderOptions{Rule: Rule{Thresholds: Thresholds{0.6, 0.4}}, Background: "still"})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, ring: ringbuffer.New(slots, 3), engine: &fakeEngine{frames: frames, cancelled: make(chan struct{})}}
	r.Pipeline = &Pipeline{
		Ring: r.ring, Clip: r.engine, Decider: d, Frames: frames, Stride: stride,
		OnWindow: func(w *Window) { r.times = append(r.times, w.Time) },
		OnEvent:  func(e Event) { r.events = append(r.events, e) },
	}
	return r
}

// frame commits a frame of that content whose time is its tick in seconds.
func (r *rig) frame(tick int64, content byte) {
	r.Helper()
	slot := r.ring.Reserve()
	if slot == nil {
		r.Fatal("the pipeline still pins a slot")
	}
	slot[0] = content
	r.ring.Commit(tick, time.Duration(tick)*time.Second)
}

func (r *rig) step() {
	r.Helper()
	if err := r.Step(); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) wantWindows(want ...[]byte) {
	r.Helper()
	if !slices.EqualFunc(r.engine.windows, want, bytes.Equal) {
		r.Errorf("windows %v, want %v", r.engine.windows, want)
	}
}

// If the camera is lost while the model runs, the result comes too late and is dropped.
func TestPipelineDropsWhatAGapOvertook(t *testing.T) {
	r := newRig(t, 2, 1, 8)
	r.engine.onInvoke = r.ring.Reset
	r.frame(0, 0)
	r.step()
	r.frame(1, 99)
	r.step()
	if len(r.engine.windows) != 1 || len(r.times) != 0 || len(r.events) != 0 || r.Stats.Skipped.Load() != 1 {
		t.Errorf("%d runs, windows at %v, events %v, %d skipped", len(r.engine.windows), r.times, r.events, r.Stats.Skipped.Load())
	}
}

// The window is erased when its view is switched off or its camera is lost.
func TestNoPictureOutlivesAGap(t *testing.T) {
	for name, gap := range map[string]func(*rig){
		"switched off": func(r *rig) { r.Pause(); r.frame(1, 0) },
		"no camera":    func(r *rig) { r.ring.Reset() },
	} {
		r := newRig(t, 2, 1, 8)
		r.frame(0, 99)
		r.step()
		gap(r)
		r.step()
		if len(r.engine.window) != 0 {
			t.Errorf("%s: %v is left", name, r.engine.window)
		}
	}
}

func TestPipelineRunsEveryFullWindow(t *testing.T) {
	r := newRig(t, 3, 1, 8)
	r.step() // nothing there yet
	for i := range 5 {
		r.frame(int64(i), byte(i))
		r.step()
		r.step() // nothing new
	}
	r.wantWindows([]byte{0, 1, 2}, []byte{1, 2, 3}, []byte{2, 3, 4})
	want := []time.Duration{2 * time.Second, 3 * time.Second, 4 * time.Second}
	if !slices.Equal(r.times, want) {
		t.Errorf("windows at %v, want %v", r.times, want)
	}
	if n := r.Stats.Windows.Load(); n != 3 {
		t.Errorf("counted %d windows, want 3", n)
	}
}

func TestPipelineStride(t *testing.T) {
	r := newRig(t, 3, 2, 8)
	for i := range 8 {
		r.frame(int64(i), byte(i))
		r.step()
	}
	r.wantWindows([]byte{0, 1, 2}, []byte{2, 3, 4}, []byte{4, 5, 6})
	if n := r.Stats.Skipped.Load(); n != 0 {
		t.Errorf("counted %d skipped windows, but each was run in time", n)
	}
}

func TestPipelineHoldsForOneMissingTick(t *testing.T) {
	r := newRig(t, 3, 1, 8)
	for _, tick := range []int64{10, 11, 13} {
		r.frame(tick, byte(tick))
		r.step()
	}
	r.wantWindows([]byte{11, 11, 13})
	if n := r.Stats.Held.Load(); n != 1 {
		t.Errorf("counted %d held ticks, want 1", n)
	}
	if want := []time.Duration{13 * time.Second}; !slices.Equal(r.times, want) {
		t.Errorf("the window is at %v, want %v", r.times, want)
	}
}

func TestPipelineMakesNoWindowAcrossAGap(t *testing.T) {
	for _, c := range []struct {
		what string
		gap  func(r *rig) int64 // returns the next tick
	}{
		{"two ticks missing", func(*rig) int64 { return 6 }},
		{"a reset", func(r *rig) int64 { r.ring.Reset(); return 4 }},
		{"a reset seen before the next frame", func(r *rig) int64 { r.ring.Reset(); r.step(); return 4 }},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := newRig(t, 3, 1, 8)
			for i := range 4 {
				r.frame(int64(i), 90)
				r.step()
			}
			tick := c.gap(r)
			for i := range 3 {
				r.frame(tick+int64(i), byte(i))
				r.step()
			}
			r.wantWindows([]byte{90, 90, 90}, []byte{90, 90, 90}, []byte{0, 1, 2})
			if n := r.Stats.Gaps.Load(); n != 1 {
				t.Errorf("counted %d gaps, want 1", n)
			}
			if len(r.events) != 2 || r.events[1].Phase != End || r.events[1].End != 3*time.Second {
				t.Errorf("events %+v; want one action that ends with the last window before the gap, at 3s", r.events)
			}
		})
	}
}

// The camera recovers, fails and recovers again while the pipeline still reports the first gap.
func TestPipelineCountsAResetDuringAGapOnce(t *testing.T) {
	r := newRig(t, 3, 1, 8)
	for i := range 3 {
		r.frame(int64(i), 90)
	}
	r.step()
	r.OnEvent = func(Event) {
		r.ring.Reset()
		r.frame(0, 1)
		r.frame(1, 2)
	}
	r.ring.Reset()
	r.step()
	r.frame(2, 3)
	r.step()
	r.wantWindows([]byte{90, 90, 90}, []byte{1, 2, 3})
	if n := r.Stats.Gaps.Load(); n != 1 {
		t.Errorf("counted %d gaps, want 1", n)
	}
}

func TestPipelineCountsWindowsWithoutProbabilities(t *testing.T) {
	r := newRig(t, 1, 1, 4)
	for tick, content := range []byte{0, 50, 100, 101, 255} { // hundredths
		r.frame(int64(tick), content)
		r.step()
	}
	if n := r.Stats.Invalid.Load(); n != 2 {
		t.Errorf("counted %d windows, want the 2 whose score is above 1", n)
	}
}

func TestPipelineNewestWindowWins(t *testing.T) {
	r := newRig(t, 3, 1, 16)
	r.engine.onInvoke = func() { // the model is slow: four frames come meanwhile
		if len(r.engine.windows) == 1 {
			for tick := int64(3); tick < 7; tick++ {
				r.frame(tick, byte(tick))
			}
		}
	}
	for i := range 3 {
		r.frame(int64(i), byte(i))
	}
	r.step()
	r.step()
	r.wantWindows([]byte{0, 1, 2}, []byte{4, 5, 6})
	if n := r.Stats.Skipped.Load(); n != 3 {
		t.Errorf("counted %d skipped windows, want 3", n)
	}
}

func TestPipelineDropsADueWindowAtAGap(t *testing.T) {
	r := newRig(t, 2, 1, 8)
	r.step()
	for _, tick := range []int64{0, 1, 50} { // the window 0, 1 is due, but 50 comes after a gap
		r.frame(tick, byte(tick))
	}
	r.step()
	r.wantWindows()
	if n := r.Stats.Skipped.Load(); n != 1 {
		t.Errorf("counted %d skipped windows, want 1", n)
	}
}

func TestPipelineCountsFramesLostInTheRing(t *testing.T) {
	r := newRig(t, 2, 1, 4)
	r.frame(0, 0)
	r.step()
	for tick := int64(1); tick < 10; tick++ {
		r.frame(tick, byte(tick))
	}
	r.step()
	// Seven or eight ticks were overwritten, more than may be held. The frames that the ring still has make a window.
	r.wantWindows([]byte{8, 9})
	if lost, read := r.Stats.Lost.Load(), r.Stats.Frames.Load(); lost+read != 10 || lost < 5 {
		t.Errorf("counted %d frames lost and %d read of 10", lost, read)
	}
}

func TestPipelineRunEndsWithContext(t *testing.T) {
	r := newRig(t, 1, 1, 4)
	ctx, cancel := context.WithCancel(t.Context())
	// The first window fires; while the model runs on the second, the context ends.
	r.engine.onInvoke = func() {
		if len(r.engine.windows) == 2 {
			cancel()
			<-r.engine.cancelled
			r.engine.fail = errors.New("cancelled")
			return
		}
		r.frame(1, 90)
	}
	r.frame(0, 90)
	if err := r.run(ctx); err != nil {
		t.Errorf("Run returned %v after its context ended", err)
	}
	if len(r.events) != 2 || r.events[1].Phase != End {
		t.Errorf("events %+v; want the action ended when Run ends", r.events)
	}
}

func TestPipelineRunReturnsTheModelsError(t *testing.T) {
	r := newRig(t, 1, 1, 4)
	r.engine.fail = errors.New("no")
	r.frame(0, 0)
	if err := r.run(t.Context()); !errors.Is(err, r.engine.fail) {
		t.Errorf("Run returned %v", err)
	}
}

func TestPipelineStepDoesNotAllocate(t *testing.T) {
	r := newRig(t, 3, 1, 8)
	r.engine = nil
	r.Clip = quietEngine{}
	r.OnWindow = func(*Window) {}
	r.OnEvent = func(Event) {}
	tick := int64(0)
	n := testing.AllocsPerRun(20, func() {
		for range 10 {
			r.frame(tick, 0)
			tick++
			if tick%10 == 0 {
				tick++ // a held tick
			}
			r.step()
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per 10 frames and windows", n)
	}
}

// quietEngine starts and ends an action in turn.
type quietEngine struct{}

func (quietEngine) Push([]byte)          {}
func (quietEngine) Hold()                {}
func (quietEngine) Clear()               {}
func (quietEngine) Invoke() error        { return nil }
func (quietEngine) Scores(dst []float32) { dst[1] = 1 - dst[1] }
