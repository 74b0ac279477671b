package infer

import (
	"sync/atomic"
	"time"
)

// Stats are a Pipeline's counters. Anyone may read them at any time.
type Stats struct {
	Frames  atomic.Uint64 // pushed into the window
	Held    atomic.Uint64 // ticks without a frame, for which the last one was taken again
	Lost    atomic.Uint64 // frames that left the ring before they were read
	Gaps    atomic.Uint64 // times that the window was emptied
	Windows atomic.Uint64 // runs of the model
	Invalid atomic.Uint64 // windows with a score that is no probability (NaN, or not from 0 to 1): the model or its manifest is wrong
	Skipped atomic.Uint64 // windows that were due while the model was still running, and replaced by a newer one
	Gated   atomic.Uint64 // windows that were due and not looked at: nothing moved
	Seen    atomic.Uint64 // number of the newest frame in the ring that was come to, wanted or not

	squeeze, invoke atomic.Int64 // ns
}

// Squeeze returns the time spent in keeping the window up to date.
func (s *Stats) Squeeze() time.Duration { return time.Duration(s.squeeze.Load()) }

// Invoke returns the time spent in running the model.
func (s *Stats) Invoke() time.Duration { return time.Duration(s.invoke.Load()) }
