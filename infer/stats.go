package infer

import (
	"sync/atomic"
	"time"

	"edged/internal/durations"
)

// Stats are a Pipeline's counters. Any goroutine may read them at any time.
type Stats struct {
	Frames  atomic.Uint64 // frames that entered the window
	Held    atomic.Uint64 // ticks without a frame, for which the frame before was used again
	Lost    atomic.Uint64 // frames that were overwritten in the ring before the pipeline read them
	Gaps    atomic.Uint64 // times that the window was emptied
	Windows atomic.Uint64 // runs of the model
	Invalid atomic.Uint64 // windows with a score outside 0 to 1 or NaN: the model or its manifest is wrong
	Skipped atomic.Uint64 // windows that a newer one replaced before the model was free
	Gated   atomic.Uint64 // windows on which the model did not run because nothing moved
	Seen    atomic.Uint64 // Seq of the newest frame that the pipeline has dealt with, used or not

	Invokes durations.Histogram // the time that each run of the model took

	squeeze, invoke atomic.Int64 // ns
}

// Squeeze returns the time spent on keeping the window up to date.
func (s *Stats) Squeeze() time.Duration { return time.Duration(s.squeeze.Load()) }

// Invoke returns the time spent on running the model.
func (s *Stats) Invoke() time.Duration { return time.Duration(s.invoke.Load()) }
