package teach

import "time"

// tracker tells, window by window, when a head fires on one target: it does online what Fire does for a recording.
type tracker struct {
	track   uint64
	last    time.Duration
	average float64
	seen    bool // there was a window

	firing     bool // the user is told that the action happens now
	on         bool // above the level at which a candidate ends
	start, end time.Duration
	peak       float64
	peakAt     time.Duration
}

// candidate is a time at which the action was recognised, or nearly.
type candidate struct {
	track      uint64
	start, end time.Duration
	peak       float64 // highest smoothed score
	peakAt     time.Duration
}

// nearShare of the threshold makes a candidate: the user is asked about what nearly fires, too.
const nearShare = 0.7

// window takes the head's score. It returns true and the candidate when one has ended.
func (t *tracker) window(at time.Duration, score, threshold float64) (c candidate, ended bool) {
	pause := at - t.last
	if !t.seen || pause < 0 || pause > longestPause {
		c, ended = t.finish()
		t.average, pause = 0, usualPause
	}
	t.seen, t.last = true, at
	t.average += weightOf(pause) * (score - t.average)
	switch {
	case !t.on && t.average >= nearShare*threshold:
		t.on, t.start, t.peak = true, at, 0
	case t.on && t.average < ExitShare*nearShare*threshold:
		return t.finish()
	}
	if t.on {
		if t.average > t.peak {
			t.peak, t.peakAt = t.average, at
		}
		if score >= ExitShare*nearShare*threshold {
			t.end = at
		}
		t.end = max(t.end, t.start)
	}
	return c, ended
}

// finish ends the candidate in progress.
func (t *tracker) finish() (c candidate, ended bool) {
	if !t.on {
		return c, false
	}
	t.on = false
	return candidate{t.track, t.start, t.end, t.peak, t.peakAt}, true
}
