package infer

import (
	"math"
	"time"
)

// label is one label's way from idle over held to on and back.
type label struct {
	name   string
	rule   Rule // its thresholds are those of the start: Decider.limits holds today's
	silent bool // background

	score float32 // smoothed
	state state

	running bool          // a run of supporting windows; while held or on it may have holes
	first   time.Duration // of that run
	latest  time.Duration // supporting window
	peak    float32       // smoothed, since held

	id      uint64        // of the action that is on
	told    time.Duration // time of the window of its last event
	ended   bool          // there was one before
	endedAt time.Duration // time of the window that ended it
}

type state uint8

const (
	idle state = iota
	held       // reached Enter; MinDuration or Cooldown is not over
	on
)

// Decide takes the scores of the window whose newest frame is of time t, and hands each event to emit. A score that is no
// probability counts as the nearest one, NaN as 0: smoothed as it is, a single NaN would stay for ever.
func (d *Decider) Decide(t time.Duration, scores []float32, emit func(Event)) {
	dt := t - d.last
	if !d.seen {
		dt = d.interval
	}
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
}

// step takes one window, whose score has been smoothed already.
func (d *Decider) step(l *label, t time.Duration, supports bool, limits Thresholds, emit func(Event)) {
	l.support(t, supports)
	if l.state == idle && l.score >= limits.Enter {
		l.hold(t)
	}
	if l.state == idle {
		return
	}
	l.peak = max(l.peak, l.score)
	switch {
	case l.score < limits.Exit:
		l.end(t, emit)
	case l.state == held:
		if supports && l.latest-l.first >= l.rule.MinDuration && l.cooled(t) {
			d.ids++
			l.id, l.state = d.ids, on
			l.tell(Start, t, emit)
		}
	case l.rule.UpdateEvery > 0 && t-l.told >= l.rule.UpdateEvery:
		l.tell(Update, t, emit)
	}
}

// support keeps the run of supporting windows.
func (l *label) support(t time.Duration, supports bool) {
	if supports {
		if !l.running {
			l.running, l.first = true, t
		}
		l.latest = t
	} else if l.state == idle {
		l.running = false
	}
}

func (l *label) hold(t time.Duration) {
	l.state, l.peak = held, 0
	if !l.running { // the thresholds went down to a score that had been there before
		l.running, l.first, l.latest = true, t, t
	}
}

// cooled says whether the last action is long enough ago. Where time went back it is.
func (l *label) cooled(t time.Duration) bool {
	return !l.ended || t < l.endedAt || t-l.endedAt >= l.rule.Cooldown
}

// end goes back to idle, and says so where the start was told.
func (l *label) end(t time.Duration, emit func(Event)) {
	if l.state == on {
		l.tell(End, t, emit)
		l.ended, l.endedAt = true, t
	}
	l.state, l.running = idle, false
}

func (l *label) tell(phase Phase, t time.Duration, emit func(Event)) {
	l.told = t
	e := Event{ID: l.id, Label: l.name, Phase: phase, Score: l.score, Peak: l.peak, Start: l.first, Newest: t}
	if phase == End {
		e.End = l.latest
	}
	emit(e)
}

// quiet says whether no action is on, nor does the last window support one.
func (d *Decider) quiet() bool {
	for i := range d.labels {
		if l := &d.labels[i]; l.state != idle || l.running {
			return false
		}
	}
	return true
}

// Gap ends what is on: nobody sees whether it goes on.
func (d *Decider) Gap(emit func(Event)) {
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

// probability returns the score if it is one, and else the nearest.
func probability(score float32) float32 {
	if !(score >= 0) { // NaN, too
		return 0
	}
	return min(score, 1)
}

// invalid says whether the score is no probability, by more than a model's rounding.
func invalid(score float32) bool {
	const rounding = 0.001
	return !(score >= -rounding && score <= 1+rounding) // so NaN is, too
}
