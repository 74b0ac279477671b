package main

import (
	"testing"
	"time"

	"edged/ringbuffer"
)

func TestRatesAreThoseSinceTheLastReport(t *testing.T) {
	w := &watcher{ring: ringbuffer.New(4, 3)}
	w.counters.Frames.Add(90)
	last := mark{at: time.Second, frames: 30}
	if r := w.since(&last, 3*time.Second); r.framesPerSec != 30 || r.invokeMs != 0 {
		t.Errorf("%v frames/s, %v ms an Invoke; want 30, and 0 without one", r.framesPerSec, r.invokeMs)
	}
	if r := w.since(&last, 4*time.Second); r.framesPerSec != 0 {
		t.Errorf("%v frames/s with no new frame", r.framesPerSec)
	}
}
