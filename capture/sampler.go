package capture

import (
	"fmt"
	"math"
	"time"
)

// Sampler picks the frames that lie on the model's sampling grid: tick k is k/rate seconds after the grid's origin, which is
// the first frame's time.
//
// A frame is taken when no later frame is expected to be nearer to the next tick: t + d/2 >= tick, where d is the measured frame
// interval. A tick without a near frame is skipped. So tick numbers may jump; they never repeat.
type Sampler struct {
	period   time.Duration // only for comparisons: ticks are computed from rate, so they do not drift
	rate     float64       // ticks per second
	started  bool
	origin   time.Duration
	last     time.Duration // time of the newest frame, taken or not
	interval time.Duration // smoothed frame interval d
	next     int64         // the first tick not yet taken or skipped
}

// NewSampler makes a Sampler for rate ticks a second, which must be positive and finite.
func NewSampler(rate float64) *Sampler {
	if !(rate > 0) || math.IsInf(rate, 1) {
		panic(fmt.Sprintf("capture: sampling rate of %v a second", rate))
	}
	return &Sampler{rate: rate, period: time.Duration(float64(time.Second) / rate)}
}

// Reset forgets the grid: the next frame becomes the origin of a new one. Call it when the camera was reopened.
func (s *Sampler) Reset() { *s = Sampler{rate: s.rate, period: s.period} }

// Take takes the time t of the next frame into account. It returns whether the frame is to be used, and for which tick.
//
// Tick 0 always means a new grid, because of the first frame or because time went back. The caller must then drop the frames of
// earlier ticks. A frame with the same time as the frame before it is never used.
func (s *Sampler) Take(t time.Duration) (tick int64, take bool) {
	if s.started && t < s.last {
		s.Reset()
	}
	if !s.started {
		s.started, s.origin, s.last, s.next = true, t, t, 1
		return 0, true
	}
	if t == s.last {
		return 0, false
	}
	s.measure(t - s.last)
	s.last = t

	position := (t - s.origin + s.interval/2).Seconds() * s.rate
	if position < float64(s.next) {
		return 0, false
	}
	tick = s.nearest(t)
	s.next = tick + 1
	return tick, true
}

// measure takes the interval between two frames into the smoothed interval. Lost frames look like a long interval, so none counts for
// more than twice the usual one.
func (s *Sampler) measure(d time.Duration) {
	if s.interval == 0 {
		s.interval = d
		return
	}
	s.interval += (min(d, 2*s.interval) - s.interval) / 8
}

// nearest returns the tick that a frame at time t stands for, at least s.next.
func (s *Sampler) nearest(t time.Duration) int64 {
	position := (t - s.origin).Seconds() * s.rate
	tick := max(s.next, int64(math.Round(position)))
	// A camera whose rate is about the grid's drifts through the middle between two ticks. There its jitter would take and skip ticks
	// at random. Such a frame still stands for the next tick.
	if position < float64(s.next+1) && s.interval < s.period*5/4 {
		return s.next
	}
	return tick
}
