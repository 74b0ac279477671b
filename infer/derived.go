package infer

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Derived describes an action that follows from other actions. It names labels; where it names several, any one of them will do.
// Either After is set, with Then or Until, or No.
//
// After, Then: an action of After happens. Within Within after it, an action of Then begins, and it lasts at least For. At that moment
// the derived action starts. It ends when an action of Until begins; without Until it ends with the action of Then. If an action of Until
// begins earlier, the derived action does not start. Actions of Until that began before the action of After had ended do not count.
//
// After, Until: an action of After happens, and for For after it no action of Until begins. At that moment the derived action starts. It
// ends when one begins.
//
// No: the derived action starts when no action of No has gone on for For. It ends when one begins.
//
// Where targets are followed, one target must do all of After, Then and Until, but for one case: once the derived action has started and
// the target is lost, anybody's action of Until ends it. No is about all targets of the view.
type Derived struct {
	Name        string
	After, Then []string
	Within      time.Duration
	Until       []string
	No          []string
	For         time.Duration
	UpdateEvery time.Duration // time between Updates while it goes on; 0 for no Updates
}

// MaxBreak is the longest interruption of an action of Then that counts for nothing: a model is often unsure for a moment.
const MaxBreak = 3 * time.Second

// derivedRule is a Derived with labels as indexes.
type derivedRule struct {
	name                   string
	after, then, until, no []int
	within, lasts, update  time.Duration
}

func newDerivedRule(labels []string, d Derived) *derivedRule {
	indexes := func(names []string) (out []int) {
		for _, name := range names {
			out = append(out, slices.Index(labels, name))
		}
		return out
	}
	return &derivedRule{
		name: d.Name, after: indexes(d.After), then: indexes(d.Then), until: indexes(d.Until), no: indexes(d.No),
		within: d.Within, lasts: d.For, update: d.UpdateEvery,
	}
}

// check reports what is wrong with d for a model with these labels.
func (d Derived) check(labels []string, background string) error {
	var errs []error
	for _, name := range slices.Concat(d.After, d.Then, d.Until, d.No) {
		if !slices.Contains(labels, name) || name == background {
			errs = append(errs, fmt.Errorf("rule %q: the model has no action %q", d.Name, name))
		}
	}
	if slices.Contains(labels, d.Name) {
		errs = append(errs, fmt.Errorf("rule %q: the model has a label of this name", d.Name))
	}
	if sequence := len(d.After) > 0 && len(d.Then)+len(d.Until) > 0; sequence == (len(d.No) > 0) {
		errs = append(errs, fmt.Errorf("rule %q: must name either what comes first, and what then or what not, or what is absent", d.Name))
	}
	if d.Within < 0 || d.For < 0 || d.UpdateEvery < 0 {
		errs = append(errs, fmt.Errorf("rule %q: within %v, for %v, update every %v: must not be negative", d.Name, d.Within, d.For, d.UpdateEvery))
	}
	return errors.Join(errs...)
}

// outcome is what a rule has brought about: whether its action goes on, and what its events say.
type outcome struct {
	rule     *derivedRule
	active   bool
	id       uint64
	start    time.Duration
	reported time.Duration // window of its last event
	score    float32
	peak     float32
	boxes    struct{ start, peak, now [4]float64 }
}

// begin starts the action with the window at t.
func (o *outcome) begin(d *Decider, t time.Duration, score float32, emit func(Event)) {
	*d.ids++
	o.active, o.id, o.start, o.peak, o.boxes.start = true, *d.ids, t, 0, d.place
	o.note(d, score)
	o.report(Start, t, 0, emit)
}

// goOn takes a window during which the action goes on.
func (o *outcome) goOn(d *Decider, t time.Duration, score float32, emit func(Event)) {
	o.note(d, score)
	if o.rule.update > 0 && t-o.reported >= o.rule.update {
		o.report(Update, t, 0, emit)
	}
}

func (o *outcome) note(d *Decider, score float32) {
	o.score, o.boxes.now = score, d.place
	if score >= o.peak {
		o.peak, o.boxes.peak = score, d.place
	}
}

// finish ends the action if it goes on. Its last moment was at; the window at t shows that.
func (o *outcome) finish(t, at time.Duration, emit func(Event)) {
	if o.active {
		o.active = false
		o.report(End, t, max(at, o.start), emit)
	}
}

func (o *outcome) report(phase Phase, t, end time.Duration, emit func(Event)) {
	o.reported = t
	emit(Event{
		ID: o.id, Label: o.rule.name, Phase: phase, Score: o.score, Peak: o.peak, Start: o.start, End: end, Newest: t,
		Box: o.boxes.now, StartBox: o.boxes.start, PeakBox: o.boxes.peak,
	})
}
