package infer

import (
	"slices"
	"time"
)

// Lessons are the actions that users taught a view and switched live. They never change: others take their place.
type Lessons struct {
	Labels    []string
	Rules     []Rule // of each label
	Smoothing time.Duration
}

// Judge knows what users taught a view. All calls come from the pipeline's goroutine.
type Judge interface {
	// Window takes a window of the model. It returns the actions that may start, and a score from 0 to 1 for each; both are valid until the next call.
	Window(*Window) (*Lessons, []float32)
	// Still is Window for a time at which the model did not run, because nothing moved.
	Still(t time.Duration) (*Lessons, []float32)
	// Gap says that frames are missing: what comes next does not continue what was before.
	Gap()
}

// taught decides where the actions that users taught start and end, for each target by itself.
type taught struct {
	deciders // for the lessons; without a template there are none
	pipeline *Pipeline
	lessons  *Lessons
	now      *tracked
	emit     func(Event)
}

func newTaught(p *Pipeline) *taught {
	t := &taught{pipeline: p}
	t.emit = t.report
	return t
}

// window takes a window of the model.
func (t *taught) window(w *Window) {
	if t == nil {
		return
	}
	lessons, scores := t.pipeline.Judge.Window(w)
	t.follow(lessons)
	if t.template == nil {
		return
	}
	t.now = t.of(w.Track)
	t.now.decider.place = w.Box
	t.now.decider.Decide(w.Time, scores, t.emit)
}

// still takes a time at which nothing moved.
func (t *taught) still(at time.Duration) {
	if t == nil {
		return
	}
	lessons, scores := t.pipeline.Judge.Still(at)
	t.follow(lessons)
	for _, a := range t.active {
		t.now = a
		a.decider.Decide(at, scores, t.emit)
	}
}

// follow takes over other lessons. If they are for the same labels, actions in progress go on.
func (t *taught) follow(lessons *Lessons) {
	if lessons == t.lessons {
		return
	}
	same := t.lessons != nil && slices.Equal(lessons.Labels, t.lessons.Labels)
	t.lessons = lessons
	if same && t.template != nil {
		for i := range lessons.Rules {
			t.template.limits[i].Store(&lessons.Rules[i].Thresholds)
		}
		return
	}
	t.gap()
	t.free, t.template = nil, t.pipeline.Decider.beside(lessons)
}

// beside returns a Decider for lessons, which numbers its actions together with d; nil if there are no lessons.
func (d *Decider) beside(l *Lessons) *Decider {
	if len(l.Labels) == 0 {
		return nil
	}
	o := DeciderOptions{Rule: l.Rules[0], PerLabel: map[string]Rule{}, Smoothing: l.Smoothing, Interval: d.interval}
	for i, label := range l.Labels {
		o.PerLabel[label] = l.Rules[i]
	}
	other, err := NewDecider(l.Labels, o)
	if err != nil {
		panic(err) // whoever made the lessons has checked them
	}
	other.ids = d.ids
	return other
}

// lost ends the actions of a target that is gone.
func (t *taught) lost(track uint64) {
	if t == nil {
		return
	}
	for i, a := range t.active {
		if a.id == track {
			t.end(a)
			t.active = slices.Delete(t.active, i, i+1)
			return
		}
	}
}

func (t *taught) end(a *tracked) {
	t.now = a
	a.decider.Gap(t.emit)
	t.release(a)
}

// gap ends all actions.
func (t *taught) gap() {
	if t == nil {
		return
	}
	for _, a := range t.active {
		t.end(a)
	}
	t.active = t.active[:0]
}

// quiet reports whether no action is in progress.
func (t *taught) quiet() bool {
	return t == nil || !slices.ContainsFunc(t.active, func(a *tracked) bool { return !a.decider.quiet() })
}

func (t *taught) report(e Event) {
	e.Track = t.now.id
	t.pipeline.Targets.locate(&e)
	t.pipeline.OnEvent(e)
}
