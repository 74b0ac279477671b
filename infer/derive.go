package infer

import "time"

// derive follows the rules after the window at t. The actions of labels are decided.
func (d *Decider) derive(t time.Duration, emit func(Event)) {
	for i := range d.sequences {
		d.sequences[i].follow(d, t, emit)
	}
	if !d.oneOfMany {
		d.deriveAbsences(d, t, emit)
	}
}

// deriveAbsences follows the rules with No. The window at t is the newest of all whose actions all tells.
func (d *Decider) deriveAbsences(all actions, t time.Duration, emit func(Event)) {
	for i := range d.absences {
		d.absences[i].follow(d, all, t, emit)
	}
}

// doing implements actions.
func (d *Decider) doing(labels []int) (best *label) {
	for _, i := range labels {
		if l := &d.labels[i]; l.goesOn() && (best == nil || l.score > best.score) {
			best = l
		}
	}
	return best
}

// highest is the highest smoothed score of these labels.
func (d *Decider) highest(labels []int) (score float32) {
	for _, i := range labels {
		score = max(score, d.labels[i].score)
	}
	return score
}

// begun returns an action of these labels that goes on and began after that time; nil if there is none.
func (d *Decider) begun(labels []int, after time.Duration) *label {
	for _, i := range labels {
		if l := &d.labels[i]; l.goesOn() && l.first > after {
			return l
		}
	}
	return nil
}

// undecided reports whether windows support an action of these labels that began after one time and not after the other, and that may still
// turn out to go on.
func (d *Decider) undecided(labels []int, after, by time.Duration) bool {
	for _, i := range labels {
		if l := &d.labels[i]; l.running && !l.goesOn() && l.first > after && l.first <= by {
			return true
		}
	}
	return false
}

// supported reports whether windows support an action of these labels since that time or before.
func (d *Decider) supported(labels []int, by time.Duration) bool {
	for _, i := range labels {
		if l := &d.labels[i]; l.running && l.first <= by {
			return true
		}
	}
	return false
}

// resume leaves the time of a pause out of what the rules count.
func (d *Decider) resume(t time.Duration) {
	if !d.paused {
		return
	}
	d.paused = false
	for i := range d.sequences {
		d.sequences[i].shift(t - d.last)
	}
	for i := range d.absences {
		d.absences[i].shift(t - d.last)
	}
}

// endDerived ends all derived actions and forgets what led to them.
func (d *Decider) endDerived(emit func(Event)) {
	for i := range d.sequences {
		s := &d.sequences[i]
		s.finish(d.last, d.last, emit)
		s.forget()
	}
	for i := range d.absences {
		a := &d.absences[i]
		a.finish(d.last, d.last, emit)
		a.forget()
	}
}

// Pause ends the actions of labels, as Gap does. The rules stand still: the time until the next window does not count for them, and
// derived actions go on. It is for a gap that is so short that the scene is still the same.
func (d *Decider) Pause(emit func(Event)) {
	d.endLabels(emit)
	d.paused = true
}

// lose ends everything but derived actions that an action of Until will end, and reports whether there are any. The decider's target is
// lost.
func (d *Decider) lose(emit func(Event)) (goOn bool) {
	d.endLabels(emit)
	for i := range d.sequences {
		s := &d.sequences[i]
		if s.active && len(s.rule.until) > 0 {
			goOn = true
			continue
		}
		s.finish(d.last, d.last, emit)
		s.forget()
	}
	return goOn
}

// goOnDerived takes the time t for the derived actions of a lost target, of which there are no windows.
func (d *Decider) goOnDerived(t time.Duration, emit func(Event)) {
	for i := range d.sequences {
		if s := &d.sequences[i]; s.active {
			s.goOn(d, t, s.score, emit)
		}
	}
}

// endBy ends the derived actions of a lost target that the other decider's actions end, and reports whether any go on.
func (d *Decider) endBy(other *Decider, t time.Duration, emit func(Event)) (goOn bool) {
	for i := range d.sequences {
		s := &d.sequences[i]
		if until := other.begun(s.rule.until, d.last); s.active && until != nil {
			s.finish(t, until.first, emit)
			s.forget()
		}
		goOn = goOn || s.active
	}
	return goOn
}
