package infer

import "time"

// tracked is the actions of one target.
type tracked struct {
	id      uint64
	judged  time.Duration // newest window
	decider *Decider
}

// deciders has a Decider for each target that is followed. Those of targets that are gone serve again.
type deciders struct {
	template *Decider // the others are copies of it
	active   []*tracked
	free     []*tracked
}

// of returns the actions of the target.
func (d *deciders) of(id uint64) *tracked {
	for _, a := range d.active {
		if a.id == id {
			return a
		}
	}
	var a *tracked
	if n := len(d.free); n > 0 {
		a, d.free = d.free[n-1], d.free[:n-1]
	} else {
		a = &tracked{decider: d.template.another()}
	}
	a.id, a.judged = id, 0
	d.active = append(d.active, a)
	return a
}

// release keeps the decider of a target that is gone for another.
func (d *deciders) release(a *tracked) {
	a.decider.forget()
	d.free = append(d.free, a)
}
