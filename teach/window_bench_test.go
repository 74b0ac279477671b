package teach

import (
	"testing"
	"time"
)

// BenchmarkWindow is a window of the starter model with four taught actions, with the pictures' raw frames.
func BenchmarkWindow(b *testing.B) {
	t := NewTeacher(Options{})
	o := viewOptions()
	o.Size, o.Width, o.Height, o.Frames = 576, 96, 96, 16
	t.Configure([]ViewOptions{o}, DefaultSettings, nil)
	v := t.View(hall)
	v.frames = newFrames(o)
	set := &Running{}
	for range 4 {
		set.Actions = append(set.Actions, RunningAction{Threshold: 0.9, head: &Head{weights: make([]float32, joined*576), bias: -3}, firing: &(new(action).firing)})
	}
	v.running.Store(set)
	e, frame := make(Embedding, 576), make([]byte, 3*96*96)
	now := time.Duration(0)
	for b.Loop() {
		now += 250 * time.Millisecond
		v.Push(frame)
		v.Push(frame)
		v.Window(Seen{Time: now, Embedding: e})
	}
}
