package infer

import (
	"math"
	"time"
)

// label is the state of one label.
type label struct {
	name   string
	rule   Rule // its thresholds are those of the configuration: Decider.limits holds the current ones
	silent bool // background

	score float32 // smoothed
	state state
	held  bool // pending for Cooldown alone

	running bool                                  // in a run of supporting windows; while pending or active the run may have holes
	first   time.Duration                         // window of that run
	latest  time.Duration                         // window that supported the action
	peak    float32                               // smoothed, since the state left idle
	boxes   struct{ start, peak, now [4]float64 } // see Event.Box

	id       uint64        // of the action in progress
	reported time.Duration // window of its last event
	ended    bool          // an action of this label has ended before
	endedAt  time.Duration // window that ended it
}

type state uint8

const (
	idle    state = iota
	pending       // the score reached Enter, but MinDuration or Cooldown is not over
	active        // the Start was reported
)

// Decide takes the scores of the window whose newest frame has the time t, and hands each event to emit. A score outside
// 0 to 1 counts as the nearest probability and NaN as 0: unchanged, a single NaN would stay in the smoothed score for ever.
func (d *Decider) Decide(t time.Duration, scores []float32, emit func(Event)) {
	dt := t - d.last
	if !d.seen {
		dt = d.interval
	}
	d.resume(t)
	d.seen, d.last = true, t
	weight := d.weight(dt)
	for i := range d.labels {
		l := &d.labels[i]
		if l.silent {
			continue
		}
		limits := *d.limits[i].Load()
		p := probability(scores[i])
		l.score += weight * (p - l.score)
		d.step(l, t, p >= limits.Exit, limits, emit)
	}
	d.derive(t, emit)
}

// step takes one window, whose score has already been smoothed.
func (d *Decider) step(l *label, t time.Duration, supports bool, limits Thresholds, emit func(Event)) {
	if !l.running && supports {
		l.boxes.start = d.place
	}
	l.noteSupport(t, supports)
	l.boxes.now = d.place
	if l.state == idle && l.score >= limits.Enter {
		l.enter(t)
	}
	if l.state == idle {
		return
	}
	if l.score > l.peak {
		l.peak, l.boxes.peak = l.score, d.place
	}
	switch {
	case l.score < limits.Exit:
		l.end(t, emit)
	case l.state == pending:
		if !supports || l.latest-l.first < l.rule.MinDuration {
			return
		}
		if l.held = !l.cooled(t); !l.held {
			*d.ids++
			l.id, l.state = *d.ids, active
			l.report(Start, t, emit)
		}
	case l.rule.UpdateEvery > 0 && t-l.reported >= l.rule.UpdateEvery:
		l.report(Update, t, emit)
	}
}

// noteSupport records whether the window supports an action.
func (l *label) noteSupport(t time.Duration, supports bool) {
	if supports {
		if !l.running {
			l.running, l.first = true, t
		}
		l.latest = t
	} else if l.state == idle {
		l.running = false
	}
}

func (l *label) enter(t time.Duration) {
	l.state, l.held, l.peak = pending, false, 0
	if !l.running { // Enter was lowered to a score that is already there
		l.running, l.first, l.latest = true, t, t
	}
}

// goesOn reports whether the action goes on, for the rules: they also count one that Cooldown keeps from being reported.
func (l *label) goesOn() bool { return l.state == active || l.held }

// cooled reports whether the last action ended long enough ago, which is so where time has gone back.
func (l *label) cooled(t time.Duration) bool {
	return !l.ended || t < l.endedAt || t-l.endedAt >= l.rule.Cooldown
}

// end returns to idle, and reports the End of an action whose Start was reported.
func (l *label) end(t time.Duration, emit func(Event)) {
	if l.state == active {
		l.report(End, t, emit)
		l.ended, l.endedAt = true, t
	}
	l.state, l.held, l.running = idle, false, false
}

func (l *label) report(phase Phase, t time.Duration, emit func(Event)) {
	l.reported = t
	e := Event{
		ID: l.id, Label: l.name, Phase: phase, Score: l.score, Peak: l.peak, Start: l.first, Newest: t,
		Box: l.boxes.now, StartBox: l.boxes.start, PeakBox: l.boxes.peak,
	}
	if phase == End {
		e.End = l.latest
	}
	emit(e)
}

// quiet reports whether no action is in progress, the last window supports none, and no rule waits for one.
func (d *Decider) quiet() bool {
	for i := range d.sequences {
		if d.sequences[i].pending() {
			return false
		}
	}
	for i := range d.labels {
		if l := &d.labels[i]; l.state != idle || l.running {
			return false
		}
	}
	return true
}

// Gap ends all actions in progress, and the rules begin anew: after it, nobody knows whether they continue.
func (d *Decider) Gap(emit func(Event)) {
	d.endLabels(emit)
	d.endDerived(emit)
	d.paused = false
}

// endLabels ends the actions of labels.
func (d *Decider) endLabels(emit func(Event)) {
	for i := range d.labels {
		d.labels[i].end(d.last, emit)
		d.labels[i].score = 0
	}
	d.seen = false
}

func (d *Decider) weight(dt time.Duration) float32 {
	if d.smoothing == 0 {
		return 1
	}
	return float32(-math.Expm1(-dt.Seconds() / d.smoothing.Seconds()))
}

// probability returns the probability nearest to the score.
func probability(score float32) float32 {
	if !(score >= 0) { // true for NaN, too
		return 0
	}
	return min(score, 1)
}

// invalid reports whether the score is no probability, by more than a model's rounding.
func invalid(score float32) bool {
	const rounding = 0.001
	return !(score >= -rounding && score <= 1+rounding) // true for NaN, too
}
