package infer

import "time"

// absence is the state of a rule with No.
type absence struct {
	outcome
	watching bool          // there was a window since the last gap
	since    time.Duration // last window of an action of No, or the first window of all
}

// actions tells which actions go on: those of one decider, or of all targets of a view.
type actions interface {
	// doing returns the action of these labels that goes on and has the highest score; nil if there is none.
	doing(labels []int) *label
}

// follow takes the window at t. An absence has the score 1: no model measures it.
func (a *absence) follow(d *Decider, all actions, t time.Duration, emit func(Event)) {
	if !a.watching {
		a.watching, a.since = true, t
	}
	if l := all.doing(a.rule.no); l != nil {
		a.finish(t, l.first, emit)
		a.since = max(a.since, l.latest)
		return
	}
	switch {
	case a.active:
		a.goOn(d, t, 1, emit)
	case t-a.since >= a.rule.lasts:
		a.begin(d, t, 1, emit)
	}
}

// forget makes the absence one that has seen nothing. Its action must have ended.
func (a *absence) forget() { *a = absence{outcome: outcome{rule: a.rule}} }

// shift leaves out a time in which nobody watched.
func (a *absence) shift(by time.Duration) { a.since += by }
