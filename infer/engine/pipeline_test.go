package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"edged/infer"
	"edged/infer/engine"
	"edged/models"
	"edged/ringbuffer"
)

// pipeline is the starter model behind a ring, as edged wires them.
func pipeline(t testing.TB, onWindow func(*infer.Window)) (*infer.Pipeline, *ringbuffer.Ring) {
	t.Helper()
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(m, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	clip, err := e.NewClip()
	if err != nil {
		t.Fatal(err)
	}
	d, err := infer.NewDecider(m.Labels, infer.DeciderOptions{
		Rule:       infer.Rule{Thresholds: infer.Thresholds{Enter: 0.6, Exit: 0.4}},
		Background: m.Manifest.Background, Smoothing: time.Second / 2, Interval: time.Second / 8,
	})
	if err != nil {
		t.Fatal(err)
	}
	ring := ringbuffer.New(m.Manifest.Frames+2, m.Manifest.FrameBytes())
	return &infer.Pipeline{
		Ring: ring, Clip: clip, Decider: d, Frames: m.Manifest.Frames, Stride: 1,
		OnWindow: onWindow, OnEvent: func(infer.Event) {},
	}, ring
}

// at is when the tick's frame was taken, at eight frames a second.
func at(tick int) time.Duration { return time.Duration(tick) * time.Second / 8 }

func commit(ring *ringbuffer.Ring, tick int64) {
	rgb := ring.Reserve()
	for i := range rgb {
		rgb[i] = byte(int64(i)*tick>>3 ^ int64(i))
	}
	ring.Commit(tick, at(int(tick)))
}

func TestPipelineIsDeterministic(t *testing.T) {
	run := func() (windows []string) {
		p, ring := pipeline(t, func(w *infer.Window) { windows = append(windows, fmt.Sprint(w.N, w.Time, w.Scores)) })
		for tick := range int64(60) {
			if tick%13 == 7 || tick/3 == 11 { // some frames are missing, and three in a row
				continue
			}
			commit(ring, tick)
			if err := p.Step(); err != nil {
				t.Fatal(err)
			}
		}
		return windows
	}
	first := run()
	// Ticks 33 to 35 are missing: windows at ticks 15 to 32, those at 20 missing, and at 51 to 59 but 59%13 == 7.
	if len(first) != 17+8 {
		t.Errorf("%d windows, want 25", len(first))
	}
	if !slices.Equal(first, run()) {
		t.Error("the second run's windows differ")
	}
}

func TestWholePipelineDoesNotAllocate(t *testing.T) {
	p, ring := pipeline(t, func(*infer.Window) {})
	tick := int64(0)
	step := func() {
		ring.Reserve()
		tick++
		ring.Commit(tick, at(int(tick)))
		if err := p.Step(); err != nil {
			t.Fatal(err)
		}
	}
	for range 16 {
		step()
	}
	before := p.Stats.Windows.Load()
	if n := testing.AllocsPerRun(20, step); n != 0 {
		t.Errorf("%v allocations per frame and window", n)
	}
	if ran := p.Stats.Windows.Load() - before; ran != 21 {
		t.Errorf("%d windows were run, want 21", ran)
	}
}

// BenchmarkWindow is a frame's and a window's whole way from the ring to the decision; compare BenchmarkInvoke.
func BenchmarkWindow(b *testing.B) {
	p, ring := pipeline(b, nil)
	tick := int64(0)
	for b.Loop() {
		ring.Reserve()
		tick++
		ring.Commit(tick, at(int(tick)))
		if err := p.Step(); err != nil {
			b.Fatal(err)
		}
	}
}
