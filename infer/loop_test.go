package infer

import (
	"testing"
	"time"

	"edged/ringbuffer"
)

// slowModel is shared by several views. While it runs on a window, ticks frames come in.
type slowModel struct {
	*testing.T
	rings []*ringbuffer.Ring
	ticks int64 // that a run takes
	tick  int64 // that comes next
}

func (m *slowModel) frames(n int64) {
	for range n {
		for _, ring := range m.rings {
			if ring.Reserve() == nil {
				m.Fatal("a pipeline still pins a slot")
			}
			ring.Commit(m.tick, time.Duration(m.tick)*time.Second/8)
		}
		m.tick++
	}
}

// slowClip is one view's.
type slowClip struct {
	model *slowModel
	runs  int64
	wait  int64 // most ticks from one run to the next
	last  int64
}

func (c *slowClip) Push([]byte) {}
func (c *slowClip) Hold()       {}
func (c *slowClip) Clear()      {}
func (c *slowClip) Invoke() error {
	c.runs++
	c.wait = max(c.wait, c.model.tick-c.last)
	c.last = c.model.tick
	c.model.frames(c.model.ticks)
	return nil
}
func (c *slowClip) Scores(dst []float32) { dst[0], dst[1] = 1, 0 }

// loopOf returns a loop over one view for each stride, two to a camera, and its views' clips.
func loopOf(t *testing.T, ticks int64, strides ...int) (*Loop, *slowModel, []*slowClip) {
	t.Helper()
	m := &slowModel{T: t, ticks: ticks}
	var clips []*slowClip
	loop := &Loop{}
	for i, stride := range strides {
		if i%2 == 0 {
			m.rings = append(m.rings, ringbuffer.New(20, 3))
		}
		d, err := NewDecider([]string{"still", "move"}, DeciderOptions{Rule: Rule{Thresholds: Thresholds{0.6, 0.4}}, Background: "still"})
		if err != nil {
			t.Fatal(err)
		}
		clip := &slowClip{model: m}
		clips = append(clips, clip)
		loop.Pipelines = append(loop.Pipelines, &Pipeline{
			Ring: m.rings[i/2], Offset: 0, Size: 3, Clip: clip, Decider: d, Frames: 2, Stride: stride, OnEvent: func(Event) {},
		})
	}
	return loop, m, clips
}

func turn(t *testing.T, l *Loop, m *slowModel) {
	t.Helper()
	ran, err := l.step()
	if err != nil {
		t.Fatal(err)
	}
	if !ran {
		m.frames(1)
	}
}

// Four views need 1.8 windows a tick from a model that can run a third of one. Each must get its turn, whatever its
// stride, and the view that needs less than its turn must get all its windows.
func TestLoopSharesAnOverloadedModel(t *testing.T) {
	const ticks = 3
	strides := []int{1, 2, 4, 32}
	loop, m, clips := loopOf(t, ticks, strides...)
	for m.tick < 3200 {
		turn(t, loop, m)
	}
	modest := m.tick / 32
	if n := clips[3].runs; n < modest-2 || n > modest+1 {
		t.Errorf("the view at stride 32 ran %d times in %d ticks, want all its %d windows", n, m.tick, modest)
	}
	for i, c := range clips[:3] {
		// A view comes up when its stride is over, and then waits for one run of each.
		period := ticks*int64(len(clips)) + int64(strides[i])
		if c.wait > period || c.runs < m.tick/period {
			t.Errorf("the view at stride %d ran %d times in %d ticks, and waited up to %d; want a run every %d", strides[i], c.runs, m.tick, c.wait, period)
		}
	}
	for i, p := range loop.Pipelines {
		due := (m.tick - 2) / int64(strides[i])
		if got := int64(p.Stats.Windows.Load() + p.Stats.Skipped.Load()); got < due-2 || got > due+2 {
			t.Errorf("the view at stride %d counts %d windows run or skipped of %d", strides[i], got, due)
		}
		if lost := p.Stats.Lost.Load(); lost > 0 {
			t.Errorf("the view at stride %d lost %d frames", strides[i], lost)
		}
	}
}

// A model that keeps up runs every window of every view.
func TestLoopRunsEveryWindowInTime(t *testing.T) {
	loop, m, clips := loopOf(t, 0, 1, 2, 3)
	for m.tick < 600 {
		turn(t, loop, m)
	}
	for i, want := range []int64{598, 299, 199} {
		if n := clips[i].runs; n < want || n > want+2 {
			t.Errorf("view %d ran %d times, want %d", i, n, want)
		}
		if n := loop.Pipelines[i].Stats.Skipped.Load(); n > 0 {
			t.Errorf("view %d skipped %d windows", i, n)
		}
	}
}

func TestLoopDoesNotAllocate(t *testing.T) {
	loop, m, _ := loopOf(t, 1, 1, 2, 3, 4)
	for range 100 {
		turn(t, loop, m)
	}
	if n := testing.AllocsPerRun(200, func() { turn(t, loop, m) }); n != 0 {
		t.Errorf("%v allocations per step", n)
	}
}
