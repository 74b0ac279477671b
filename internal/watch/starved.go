package watch

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// starvedAfter is how long an enabled view of an online camera may have gaps and no whole window before edged complains.
const starvedAfter = 30 * time.Second

var errMoving = errors.New("the camera moves, so nothing can be followed; the whole picture is judged until it stands still")

// stretch is the time since a view last had a whole window, was disabled, or had no camera. Its counts are those at its beginning.
type stretch struct {
	since         time.Duration
	windows, gaps uint64
	received      uint64 // frames
	good, corrupt uint64 // of the sampled frames
}

// noteStarvation finds out whether the view gets frames that make no window. Each missing frame empties the window, and nothing else
// would show it.
func (c *Camera) noteStarvation(v *View, now time.Duration) {
	p := &v.Pipeline.Stats
	s := stretch{
		since: now, windows: p.Windows.Load() + p.Gated.Load() + p.Skipped.Load(), gaps: p.Gaps.Load(),
		good: p.Frames.Load(), corrupt: c.Corrupt.Load(),
	}
	s.received = s.good + s.corrupt + c.OffGrid.Load()
	if !c.online.Load() || !v.enabled.Load() || s.windows != v.stretch.windows {
		if v.starved.Swap(nil) != nil && s.windows != v.stretch.windows {
			slog.Info("the view has windows again", "view", v.Path)
		}
		v.stretch = s
		return
	}
	windows := time.Duration(3 * float64(v.Pipeline.Frames+v.Pipeline.Stride) / c.frameRate * float64(time.Second))
	lasted := now - v.stretch.since
	if s.gaps == v.stretch.gaps || lasted < max(starvedAfter, windows) {
		return
	}
	err := fmt.Errorf("no window for %.0f s: %w", lasted.Seconds(), v.stretch.reason(s, c.frameRate))
	if v.starved.Swap(&err) == nil {
		slog.Warn("the frames make no window for the model", "view", v.Path, "reason", err)
	}
}

// reason says why there was no window from s to now, where the model needs rate frames/s.
func (s stretch) reason(now stretch, rate float64) error {
	seconds := (now.since - s.since).Seconds()
	received, corrupt := float64(now.received-s.received)/seconds, now.corrupt-s.corrupt
	sampled := now.good - s.good + corrupt
	switch {
	case received < rate/2:
		return fmt.Errorf("the camera gives %.1f frames/s, and the model needs %g, or at least %g at even intervals; "+
			"raise fps, add light or choose a smaller picture", received, rate, rate/2)
	case corrupt > sampled/4:
		return fmt.Errorf("%d of %d sampled frames cannot be decoded; the log says why", corrupt, sampled)
	}
	return fmt.Errorf("%.1f frames/s come, and the model needs %g, but they leave gaps: %d in %.0f s; let the camera, or the program that "+
		"reads it, deliver frames evenly and without a buffer", received, rate, now.gaps-s.gaps, seconds)
}

// Problem is why the view has no windows, or follows nothing; nil if all is well.
func (v *View) Problem() error {
	if t := v.Pipeline.Targets; t != nil && t.Moving() {
		return errMoving
	}
	if err := v.starved.Load(); err != nil {
		return *err
	}
	return nil
}
