package infer

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// Thresholds are the smoothed scores at which an action starts and ends. The distance between them is what keeps a
// score that hovers from starting and ending an action again and again.
type Thresholds struct {
	Enter float32 // starts at this score or above
	Exit  float32 // ends below this one
}

// DeciderOptions configure a Decider.
type DeciderOptions struct {
	Thresholds
	PerLabel   map[string]Thresholds // in place of the above
	Background string                // the label that never fires; "" for none
	Smoothing  time.Duration         // time constant; 0 for none
	Interval   time.Duration         // expected from one window to the next: the weight of the first window
}

// Decider makes actions out of scores.
//
// Scores are smoothed exponentially with a time constant in seconds, so that the meaning of the setting does not change
// with the stride, and a late or skipped window weighs as much as the time that it stands for: after dt,
// s += (1 - exp(-dt/Smoothing)) * (p - s). It starts from 0: one surprising window alone does not make an action.
type Decider struct {
	labels    []label
	smoothing time.Duration
	interval  time.Duration

	seen bool          // a window since the last gap
	last time.Duration // that window's
	ids  uint64
}

type label struct {
	name string
	Thresholds
	silent bool // background

	score float32 // smoothed
	on    bool
	event Event // while on
}

// NewDecider returns a Decider for scores in the labels' order. The error names every option that is wrong.
func NewDecider(labels []string, o DeciderOptions) (*Decider, error) {
	errs := []error{o.check("every label")}
	if o.Smoothing < 0 || o.Interval < 0 {
		errs = append(errs, fmt.Errorf("smoothing %v, interval %v: must not be negative", o.Smoothing, o.Interval))
	}
	for _, name := range slices.Sorted(maps.Keys(o.PerLabel)) {
		if !slices.Contains(labels, name) {
			errs = append(errs, fmt.Errorf("thresholds for label %q, which the model does not have", name))
			continue
		}
		errs = append(errs, o.PerLabel[name].check(fmt.Sprintf("label %q", name)))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("infer: %w", err)
	}
	d := &Decider{smoothing: o.Smoothing, interval: o.Interval}
	for _, name := range labels {
		thresholds, ok := o.PerLabel[name]
		if !ok {
			thresholds = o.Thresholds
		}
		d.labels = append(d.labels, label{name: name, Thresholds: thresholds, silent: name == o.Background && name != ""})
	}
	return d, nil
}

func (t Thresholds) check(whose string) error {
	if t.Exit > 0 && t.Exit <= t.Enter && t.Enter <= 1 {
		return nil
	}
	return fmt.Errorf("thresholds of %s: enter %g, exit %g; must be 0 < exit <= enter <= 1", whose, t.Enter, t.Exit)
}

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
		l.score += weight * (probability(scores[i]) - l.score)
		switch {
		case !l.on && l.score >= l.Enter:
			d.start(l, t, emit)
		case l.on && l.score < l.Exit:
			l.end(t, emit)
		case l.on:
			l.event.Peak = max(l.event.Peak, l.score)
		}
	}
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

func (d *Decider) weight(dt time.Duration) float32 {
	if d.smoothing == 0 {
		return 1
	}
	return float32(-math.Expm1(-dt.Seconds() / d.smoothing.Seconds()))
}

// Gap ends what is on: nobody sees whether it goes on. The end is the time of the last window.
func (d *Decider) Gap(emit func(Event)) {
	for i := range d.labels {
		if l := &d.labels[i]; l.on {
			l.end(d.last, emit)
		}
		d.labels[i].score = 0
	}
	d.seen = false
}

func (d *Decider) start(l *label, t time.Duration, emit func(Event)) {
	d.ids++
	l.on = true
	l.event = Event{ID: d.ids, Label: l.name, Phase: Start, Score: l.score, Peak: l.score, Start: t, Newest: t}
	emit(l.event)
}

func (l *label) end(t time.Duration, emit func(Event)) {
	l.on = false
	l.event.Phase, l.event.Score, l.event.End, l.event.Newest = End, l.score, t, t
	emit(l.event)
}
