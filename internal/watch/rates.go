package watch

import "time"

// mark is the state of the counters at one report; the next report's rates are counted from it.
type mark struct {
	at     time.Duration
	count  uint64
	invoke time.Duration
}

// rates are averages between two reports.
type rates struct{ perSecond, invokeMs float64 }

// advance moves the mark to the next one and returns the rates in between.
func (m *mark) advance(next mark) *rates {
	var r rates
	n := next.count - m.count
	if seconds := (next.at - m.at).Seconds(); seconds > 0 {
		r.perSecond = float64(n) / seconds
	}
	if n > 0 {
		r.invokeMs = float64((next.invoke - m.invoke).Microseconds()) / 1000 / float64(n)
	}
	*m = next
	return &r
}

// StartRates sets the moment from which the first rates are counted. The goroutine that calls it must be the one that calls Measure.
func (c *Camera) StartRates(now time.Duration) {
	c.mark = mark{at: now}
	for _, v := range c.Views {
		v.mark, v.stretch = mark{at: now}, stretch{since: now}
	}
}

// Measure works out the rates since the last call, and finds views that get too few frames.
func (c *Camera) Measure(now time.Duration) {
	c.rate.Store(c.mark.advance(mark{at: now, count: c.Counters.Frames.Load()}))
	for _, v := range c.Views {
		p := &v.Pipeline.Stats
		v.rate.Store(v.mark.advance(mark{at: now, count: p.Windows.Load(), invoke: p.Invoke()}))
		c.noteStarvation(v, now)
	}
}

// FramesPerSecond is the camera's rate between the last two calls of Measure.
func (c *Camera) FramesPerSecond() float64 {
	if r := c.rate.Load(); r != nil {
		return r.perSecond
	}
	return 0
}

// WindowsPerSecond is the view's rate between the last two calls of Measure.
func (v *View) WindowsPerSecond() float64 {
	if r := v.rate.Load(); r != nil {
		return r.perSecond
	}
	return 0
}

// InvokeMs is the mean time of a run of the model between the last two calls of Measure.
func (v *View) InvokeMs() float64 {
	if r := v.rate.Load(); r != nil {
		return r.invokeMs
	}
	return 0
}
