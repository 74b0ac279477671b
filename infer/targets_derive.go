package infer

import (
	"slices"
	"time"
)

// deriveAbsences follows the rules about what no target does.
func (s *Targets) deriveAbsences(t time.Duration) {
	s.now = s.view
	s.template.resume(t)
	s.template.last = t
	s.template.deriveAbsences(s, t, s.emit)
}

// doing implements actions: of all targets.
func (s *Targets) doing(labels []int) (best *label) {
	for _, a := range s.active {
		if l := a.decider.doing(labels); l != nil && (best == nil || l.score > best.score) {
			best = l
		}
	}
	return best
}

// goOnLost takes the time t for the derived actions of lost targets.
func (s *Targets) goOnLost(t time.Duration) {
	for _, a := range s.lost {
		s.now = a
		a.decider.goOnDerived(t, s.emit)
	}
}

// endLost ends derived actions of lost targets that an action of this decider ends.
func (s *Targets) endLost(by *Decider, t time.Duration) {
	for i := 0; i < len(s.lost); {
		a := s.lost[i]
		s.now = a
		if a.decider.endBy(by, t, s.emit) {
			i++
			continue
		}
		s.lost = slices.Delete(s.lost, i, i+1)
		s.release(a)
	}
}
