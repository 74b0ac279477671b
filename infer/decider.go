package infer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// Thresholds are the smoothed scores at which an action starts and ends. The distance between them keeps a score that
// hovers from starting and ending an action again and again.
type Thresholds struct {
	Enter float32 // the action starts at this score or above
	Exit  float32 // the action ends below this score
}

// Rule says what makes an action of a label.
type Rule struct {
	Thresholds
	MinDuration time.Duration // an action that windows support for less time never starts; 0 for none
	Cooldown    time.Duration // least time from an end to the next start; 0 for none
	UpdateEvery time.Duration // time between Updates while an action continues; 0 for no Updates
}

// DeciderOptions configure a Decider.
type DeciderOptions struct {
	Rule
	PerLabel   map[string]Rule // in place of the above
	Background string          // the label that never starts an action; "" for none
	Smoothing  time.Duration   // time constant; 0 for none
	Interval   time.Duration   // expected from one window to the next: the weight of the first window
	Derived    []Derived       // actions that follow from others
}

// Decider turns scores into actions.
//
// It smooths scores exponentially with a time constant in seconds: after dt, s += (1 - exp(-dt/Smoothing)) * (p - s). So
// the setting means the same at every stride, and a late or skipped window weighs as much as the time it stands for.
// Counting K of N windows would mean another time at every stride and would ignore how sure the model was. The smoothed
// score starts at 0, so a single surprising window makes no action.
//
// Smoothing delays the decision, but events carry the times at which things happened. A window supports an action if its
// own score, unsmoothed, is at least Exit. An action starts at the first window of the unbroken run of supporting windows
// that lifted the smoothed score to Enter. It ends at the last window that supported it. The time of a window is that of
// its newest frame: all older frames were part of the window before, which did not support the action.
//
// MinDuration is measured between these two times. The Start waits until it is reached and never comes for an action that
// falls below Exit before. It adds no delay where smoothing took as long. An action that continues when Cooldown is over
// starts then, with the time of its own first window.
type Decider struct {
	labels    []label
	limits    []atomic.Pointer[Thresholds] // of the label with the same index; may change at any time
	smoothing time.Duration
	interval  time.Duration

	seen  bool          // there was a window since the last gap
	last  time.Duration // time of that window
	ids   *uint64       // the last id that was given; all deciders of a view share it
	place [4]float64    // where the target of the next window is; see Event.Box

	sequences []sequence
	absences  []absence
	oneOfMany bool // another decider follows the absences, which are about all targets
	paused    bool // by Pause; no window has come since
}

// another returns a Decider with the same rules for another target. Thresholds that are set on one hold for both.
func (d *Decider) another() *Decider {
	other := &Decider{
		smoothing: d.smoothing, interval: d.interval, limits: d.limits, labels: slices.Clone(d.labels), ids: d.ids,
		sequences: slices.Clone(d.sequences), oneOfMany: true,
	}
	other.forget()
	return other
}

// forget makes the Decider one that has seen no window yet. Its actions must have ended.
func (d *Decider) forget() {
	for i := range d.labels {
		l := &d.labels[i]
		*l = label{name: l.name, rule: l.rule, silent: l.silent}
	}
	for i := range d.sequences {
		d.sequences[i].forget()
	}
	d.seen, d.last, d.place, d.paused = false, 0, [4]float64{}, false
}

// NewDecider returns a Decider for scores in the labels' order. The error names every wrong option.
func NewDecider(labels []string, o DeciderOptions) (*Decider, error) {
	if err := o.check(labels); err != nil {
		return nil, fmt.Errorf("infer: %w", err)
	}
	d := &Decider{
		smoothing: o.Smoothing, interval: o.Interval, ids: new(uint64),
		labels: make([]label, len(labels)), limits: make([]atomic.Pointer[Thresholds], len(labels)),
	}
	for i, name := range labels {
		rule, ok := o.PerLabel[name]
		if !ok {
			rule = o.Rule
		}
		d.labels[i] = label{name: name, rule: rule, silent: name == o.Background && name != ""}
		d.limits[i].Store(&rule.Thresholds)
	}
	for _, derived := range o.Derived {
		if o := (outcome{rule: newDerivedRule(labels, derived)}); len(derived.No) > 0 {
			d.absences = append(d.absences, absence{outcome: o})
		} else {
			d.sequences = append(d.sequences, sequence{outcome: o})
		}
	}
	return d, nil
}

// SetThresholds changes a label's thresholds from the next window on. Any goroutine may call it at any time.
func (d *Decider) SetThresholds(name string, t Thresholds) error {
	i := d.action(name)
	if i < 0 {
		return fmt.Errorf("infer: thresholds for label %q: the model has no such action", name)
	}
	if err := t.check(fmt.Sprintf("label %q", name)); err != nil {
		return fmt.Errorf("infer: %w", err)
	}
	d.limits[i].Store(&t)
	return nil
}

// action returns the index of a label that can start an action, -1 for none. It reads only fields that never change,
// because Decide may be changing the others on another goroutine.
func (d *Decider) action(name string) int {
	for i := range d.labels {
		if l := &d.labels[i]; l.name == name && !l.silent {
			return i
		}
	}
	return -1
}

func (o *DeciderOptions) check(labels []string) error {
	errs := []error{o.Rule.check("every label")}
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
	for _, derived := range o.Derived {
		errs = append(errs, derived.check(labels, o.Background))
	}
	return errors.Join(errs...)
}

func (r Rule) check(whose string) error {
	err := r.Thresholds.check(whose)
	if r.MinDuration < 0 || r.Cooldown < 0 || r.UpdateEvery < 0 {
		err = errors.Join(err, fmt.Errorf("%s: minimum duration %v, cooldown %v, update every %v: must not be negative",
			whose, r.MinDuration, r.Cooldown, r.UpdateEvery))
	}
	return err
}

func (t Thresholds) check(whose string) error {
	if t.Exit > 0 && t.Exit <= t.Enter && t.Enter <= 1 {
		return nil
	}
	return fmt.Errorf("thresholds of %s: enter %g, exit %g; must be 0 < exit <= enter <= 1", whose, t.Enter, t.Exit)
}
