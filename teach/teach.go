package teach

import (
	"math"
	"slices"
	"time"
)

// Window is one run of the model in a recording.
type Window struct {
	Time      time.Duration // of its newest frame
	Embedding Embedding
}

// Firing is one time that a taught action was recognised.
type Firing struct {
	Start, End time.Duration // the first and the last window that support it
	Score      float64       // the highest, smoothed
}

const (
	// Smoothing is the time constant of the scores' exponential average: what is done twice within it is one firing. At four windows a second, each
	// counts for half.
	Smoothing = 360 * time.Millisecond
	// usualPause is the time from one window to the next that the first window stands for.
	usualPause = 250 * time.Millisecond
	// longestPause between two windows of one stretch.
	longestPause = time.Second
	// ExitShare of the threshold is where a firing ends.
	ExitShare = 0.67
	// togetherWithin is the pause, at most, between two stretches of one firing.
	togetherWithin = 2 * time.Second
)

// gapAt reports whether something is missing before window i: what is said of the windows before it says nothing of this one.
func gapAt(windows []Window, i int) bool {
	if i == 0 {
		return true
	}
	pause := windows[i].Time - windows[i-1].Time
	return pause < 0 || pause > longestPause
}

// weightOf is the weight of a window in the average that comes so long after the one before.
func weightOf(pause time.Duration) float64 {
	return -math.Expm1(-pause.Seconds() / Smoothing.Seconds())
}

// smooth returns the head's score of each window, averaged over time. It begins anew after a gap.
func smooth(h *Head, windows []Window) []float64 {
	scores := make([]float64, len(windows))
	average := 0.0
	for i, w := range windows {
		pause := usualPause
		if gapAt(windows, i) {
			average = 0
		} else {
			pause = w.Time - windows[i-1].Time
		}
		average += weightOf(pause) * (h.Score(w.Embedding) - average)
		scores[i] = average
	}
	return scores
}

// Fire returns when the action was recognised in a recording.
func Fire(h *Head, threshold float64, windows []Window) (firings []Firing) {
	on := false
	for i, score := range smooth(h, windows) {
		t := windows[i].Time
		on = on && !gapAt(windows, i)
		switch {
		case !on && score >= threshold:
			on = true
			if n := len(firings); n > 0 && t >= firings[n-1].End && t-firings[n-1].End <= togetherWithin {
				break // goes on
			}
			firings = append(firings, Firing{Start: t})
		case on && score < ExitShare*threshold:
			on = false
			continue
		}
		if on {
			f := &firings[len(firings)-1]
			f.End, f.Score = t, max(f.Score, score)
		}
	}
	return firings
}

// Threshold returns the lowest threshold, at least 0.5, at which ordinary life fires at most allowed times. Ordinary life is one or more recordings.
func Threshold(h *Head, ordinary [][]Window, allowed int) float64 {
	peaks := []float64{}
	for _, recording := range ordinary {
		for _, f := range Fire(h, least, recording) {
			peaks = append(peaks, f.Score)
		}
	}
	if len(peaks) <= allowed {
		return least
	}
	slices.Sort(peaks)
	// Just above the highest peak that must not fire.
	worst := peaks[len(peaks)-1-allowed]
	return min(worst+(1-worst)*margin, most)
}

const (
	least  = 0.5  // a score below it says "rather not"
	most   = 0.98 // smoothing never gets to 1
	margin = 0.15 // of the way from the worst peak of ordinary life to 1
)
