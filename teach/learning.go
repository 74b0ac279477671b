package teach

import (
	"context"
	"errors"
	"slices"
)

const (
	// mostLife windows of ordinary life are handed to Learn: with more, a small board would need too much memory at once.
	mostLife = 6000
	// mostLeftOut examples are left out in turn, because each costs a fit.
	mostLeftOut = 20
)

// assignment is what one action is learned from: copies, so that learning needs no lock.
type assignment struct {
	action   *action
	version  uint64
	model    string
	examples []*item
	wrong    []*item
	life     []Embedding
	quiet    *quiet
	allowed  float64 // false alarms a day
	basis    string
}

// nextAssignment returns the next action that must be learned; nil if there is none.
func (t *Teacher) nextAssignment() *assignment {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.actions {
		if v := t.views[a.View]; v != nil && v.CanTeach() && a.due() {
			if l := t.prepare(a, v); l != nil {
				return l
			}
		}
	}
	return nil
}

// prepare gathers what the action is learned from. An action that cannot be learned is settled at once. The caller holds mu.
func (t *Teacher) prepare(a *action, v *View) *assignment {
	l := &assignment{action: a, version: a.version, model: v.Model, allowed: t.settings.FalseAlarmsPerDay, basis: a.basis(v.Model, t.settings.FalseAlarmsPerDay)}
	for _, i := range a.items {
		own := *i // another goroutine may change i
		switch {
		case !i.belongs(v.Model, v.numbers):
		case i.kind == example:
			l.examples = append(l.examples, &own)
		case i.kind == negative:
			l.wrong = append(l.wrong, &own)
		}
	}
	if len(l.examples) == 0 {
		a.learntAt, a.failed = a.version, ""
		t.noticed(a.View)
		return nil
	}
	if a.Live && a.ofAnotherModel(v) && v.watched() < leastWatched {
		a.learntAt, a.failed = a.version, "the model has changed: edged needs an hour of ordinary life with the new one first"
		t.noticed(a.View)
		return nil
	}
	l.life, l.quiet = v.ordinary(mostLife), v.quiet()
	if len(l.life) < stretchWindows {
		a.learntAt, a.failed = a.version, "edged needs to see some seconds in which it does not happen"
		t.noticed(a.View)
		return nil
	}
	a.busy = true
	t.noticed(a.View)
	return l
}

// outcome is what came of a assignment.
type outcome struct {
	*learned
	err error
}

// learn fits the head, chooses its threshold, and leaves out the examples in turn.
func (l *assignment) learn(ctx context.Context) (o outcome) {
	life := l.life
	for _, i := range l.wrong {
		life = append(life, i.example()...)
		l.quiet.addWrong(i.recording())
	}
	examples := make([]Example, len(l.examples))
	for n, i := range l.examples {
		examples[n] = i.example()
	}
	fitted, err := Learn(examples, life)
	if err != nil {
		return outcome{err: err}
	}
	peaks, err := l.leaveOut(ctx, examples, life)
	if err != nil {
		return outcome{err: err}
	}
	o.learned = &learned{Model: l.model, Basis: l.basis, Head: encodeHead(fitted.Head), head: fitted.Head, Life: len(l.life), Of: len(peaks)}
	o.Threshold, o.PerDay = l.quiet.threshold(fitted.Head, l.allowed, reach(peaks))
	o.Met = o.PerDay <= l.allowed
	for n, peak := range peaks {
		o.TriedIDs = append(o.TriedIDs, l.examples[n].ID)
		if peak >= o.Threshold {
			o.Found++
			o.FoundIDs = append(o.FoundIDs, l.examples[n].ID)
		}
	}
	return o
}

// leaveOut learns without each example in turn, and returns the highest smoothed score that the example then has; nothing of a single example.
func (l *assignment) leaveOut(ctx context.Context, examples []Example, life []Embedding) (peaks []float64, err error) {
	if len(examples) < 2 {
		return nil, nil
	}
	err = leaveEachOut(examples[:min(len(examples), mostLeftOut)], life, func(h *Head, left int) error {
		peaks = append(peaks, slices.Max(smooth(h, l.examples[left].recording())))
		return ctx.Err()
	})
	return peaks, err
}

const (
	// reached is the share of the examples that the threshold must not leave out, whatever ordinary life does: above it the action would hardly ever
	// fire, and nobody would be asked whether what looks like it in ordinary life is the action itself. It is also what people are told (Worth.Met).
	reached = 0.75
	// reachOfOne is the highest threshold of an action with a single example: what happens the next time is never quite the same.
	reachOfOne = 0.8
)

// reach returns the highest threshold that enough of the examples reach when they are left out.
func reach(peaks []float64) float64 {
	if len(peaks) == 0 {
		return reachOfOne
	}
	sorted := slices.Sorted(slices.Values(peaks))
	return 0.98 * sorted[int(float64(len(sorted))*(1-reached))]
}

// settle makes the outcome hold, unless the action is gone.
func (t *Teacher) settle(l *assignment, o outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := l.action
	a.busy = false
	if errors.Is(o.err, context.Canceled) || !slices.Contains(t.actions, a) {
		return
	}
	a.learntAt = l.version
	if o.err != nil {
		a.failed = o.err.Error()
		t.o.Log.Error("teach: an action cannot be learned", "view", a.View, "action", a.Name, "error", o.err)
		t.noticed(a.View)
		return
	}
	a.failed = ""
	if a.Learned != nil && a.Learned.Model != o.Model { // what was set and counted was about the former model's scores
		a.Override, a.Watched, a.Firings = 0, 0, nil
	}
	o.At = t.o.Wall().UnixMilli()
	a.Learned = o.learned
	a.markFound()
	_ = t.saved(t.store.saveAction(a)) // it runs all the same; a restart learns it anew
	t.publish(a.View)
}

// learnAll learns every action that is due.
func (t *Teacher) learnAll(ctx context.Context) {
	for ctx.Err() == nil {
		l := t.nextAssignment()
		if l == nil {
			return
		}
		t.settle(l, l.learn(ctx))
		t.tell()
	}
}

// refresh has those actions learned anew for which there is much more ordinary life than when they were learned, and those that could not be.
func (t *Teacher) refresh() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.actions {
		v := t.views[a.View]
		if v == nil || !v.CanTeach() {
			continue
		}
		now := min(mostLife, v.ordinaryWindows())
		if a.failed != "" || a.Learned != nil && now >= a.Learned.Life*3/2 {
			a.changed()
		}
	}
	t.wake(t.work)
}

// ordinaryWindows is how many windows of ordinary life there are.
func (v *View) ordinaryWindows() (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for range v.ordinaryRows {
		n++
	}
	return n
}
