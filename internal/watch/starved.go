package watch

import (
	"fmt"
	"log/slog"
	"time"
)

// starvedAfter is how long an enabled view of an online camera may have gaps and no whole window before edged complains.
const starvedAfter = 30 * time.Second

// stretch is the time since a view last had a whole window, was disabled, or had no camera.
type stretch struct {
	since                 time.Duration
	windows, gaps, frames uint64 // at its beginning
}

// noteStarvation finds out whether the view gets too few frames for a window. Each missing frame empties the window, and nothing
// else would show it.
func (v *View) noteStarvation(now time.Duration, online bool, rate float64) {
	p := &v.Pipeline.Stats
	s := stretch{now, p.Windows.Load() + p.Gated.Load() + p.Skipped.Load(), p.Gaps.Load(), p.Frames.Load()}
	if !online || !v.enabled.Load() || s.windows != v.stretch.windows {
		if v.starved.Swap(nil) != nil && s.windows != v.stretch.windows {
			slog.Info("the view has windows again", "view", v.Path)
		}
		v.stretch = s
		return
	}
	windows := time.Duration(3 * float64(v.Pipeline.Frames+v.Pipeline.Stride) / rate * float64(time.Second))
	lasted := now - v.stretch.since
	if s.gaps == v.stretch.gaps || lasted < max(starvedAfter, windows) {
		return
	}
	err := fmt.Errorf("no window for %.0f s: the camera gives %.1f usable frames/s, and the model needs %g, or at least %g at even intervals; raise fps, add light or choose a smaller picture",
		lasted.Seconds(), float64(s.frames-v.stretch.frames)/lasted.Seconds(), rate, rate/2)
	if v.starved.Swap(&err) == nil {
		slog.Warn("too few frames for the model", "view", v.Path, "reason", err)
	}
}

// Problem is why the view has no windows; nil if it has.
func (v *View) Problem() error {
	if err := v.starved.Load(); err != nil {
		return *err
	}
	return nil
}
