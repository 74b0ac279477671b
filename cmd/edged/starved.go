package main

import (
	"fmt"
	"log/slog"
	"time"
)

// starvedAfter is how long an enabled view of a camera that is online may have gaps and no whole window before edged complains.
const starvedAfter = 30 * time.Second

// stretch is the time since a view last had a whole window, was disabled, or had no camera. It belongs to the goroutine of the reports.
type stretch struct {
	since                 time.Duration
	windows, gaps, frames uint64 // at its beginning
}

// starve notes whether the view gets too few frames for a window, each of which empties the last: nothing else shows it.
func (v *view) starve(now time.Duration, online bool, rate float64) {
	p := &v.pipeline.Stats
	s := stretch{now, p.Windows.Load() + p.Gated.Load() + p.Skipped.Load(), p.Gaps.Load(), p.Frames.Load()}
	if !online || !v.enabled.Load() || s.windows != v.stretch.windows {
		if v.starved.Swap(nil) != nil && s.windows != v.stretch.windows {
			slog.Info("windows again", "view", v.path)
		}
		v.stretch = s
		return
	}
	windows := time.Duration(3 * float64(v.pipeline.Frames+v.pipeline.Stride) / rate * float64(time.Second))
	lasted := now - v.stretch.since
	if s.gaps == v.stretch.gaps || lasted < max(starvedAfter, windows) {
		return
	}
	err := fmt.Errorf("no window for %.0f s: %.1f usable frames/s come, the model needs %g, at least %g evenly; raise fps, give more light or a smaller picture",
		lasted.Seconds(), float64(s.frames-v.stretch.frames)/lasted.Seconds(), rate, rate/2)
	if v.starved.Swap(&err) == nil {
		slog.Warn("too few frames for the model", "view", v.path, "reason", err)
	}
}

// problem is what a person should mend; "" = nothing.
func (v *view) problem() string {
	if err := v.starved.Load(); err != nil {
		return oneLine(*err)
	}
	return ""
}
