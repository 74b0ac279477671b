package infer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// Thresholds are the smoothed scores at which an action starts and ends. The distance between them is what keeps a
// score that hovers from starting and ending an action again and again.
type Thresholds struct {
	Enter float32 // starts at this score or above
	Exit  float32 // ends below this one
}

// Rule says what makes an action of a label.
type Rule struct {
	Thresholds
	MinDuration time.Duration // one that is supported for less never starts; 0 for none
	Cooldown    time.Duration // least time from an end to the next start; 0 for none
	UpdateEvery time.Duration // from one Update to the next while it goes on; 0 for no Updates
}

// DeciderOptions configure a Decider.
type DeciderOptions struct {
	Rule
	PerLabel   map[string]Rule // in place of the above
	Background string          // the label that never fires; "" for none
	Smoothing  time.Duration   // time constant; 0 for none
	Interval   time.Duration   // expected from one window to the next: the weight of the first window
}

// Decider makes actions out of scores.
//
// Scores are smoothed exponentially with a time constant in seconds, so that the meaning of the setting does not change
// with the stride, and a late or skipped window weighs as much as the time that it stands for: after dt,
// s += (1 - exp(-dt/Smoothing)) * (p - s). K of N windows would mean another time at every stride, and would throw away
// how sure the model was. It starts from 0: one surprising window alone does not make an action.
//
// What smoothing decides late is told with the time at which it happened. A window supports an action if its own score,
// unsmoothed, is at least Exit. An action starts at the first window of the unbroken run of supporting ones that lifted
// the smoothed score to Enter, and ends at the last that supported it. A window's time is that of its newest frame: all
// the older ones were in the window before, which did not support it.
//
// MinDuration is measured between these two: the Start is held back until it is reached, and never comes for an action
// that falls below Exit before. It adds no delay where smoothing has taken as long. An action that goes on when Cooldown
// is over starts then, with the time of its own first window.
type Decider struct {
	labels    []label
	limits    []atomic.Pointer[Thresholds] // of the label with the same index; changed at any time
	smoothing time.Duration
	interval  time.Duration

	seen bool          // a window since the last gap
	last time.Duration // that window's
	ids  uint64
}

// NewDecider returns a Decider for scores in the labels' order. The error names every option that is wrong.
func NewDecider(labels []string, o DeciderOptions) (*Decider, error) {
	if err := o.check(labels); err != nil {
		return nil, fmt.Errorf("infer: %w", err)
	}
	d := &Decider{
		smoothing: o.Smoothing, interval: o.Interval,
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
	return d, nil
}

// SetThresholds changes a label's thresholds from the next window on. It may be called at any time, from any goroutine.
func (d *Decider) SetThresholds(name string, t Thresholds) error {
	i := d.action(name)
	if i < 0 {
		return fmt.Errorf("infer: thresholds for label %q: no such action", name)
	}
	if err := t.check(fmt.Sprintf("label %q", name)); err != nil {
		return fmt.Errorf("infer: %w", err)
	}
	d.limits[i].Store(&t)
	return nil
}

// action returns the index of a label that fires, -1 for none. It reads only what never changes: Decide is at work on
// the rest of a label meanwhile.
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
