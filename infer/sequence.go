package infer

import "time"

// sequence is the state of a rule with After and Then.
type sequence struct {
	outcome
	stage     stage
	began     time.Duration // first window of the action of After
	after     time.Duration // last window of it
	certainty float32       // its highest score
	since     time.Duration // first window of the action of Then, but not before began
	then      time.Duration // last window of it
}

type stage uint8

const (
	nothing stage = iota // no action of After has happened, or it was too long ago
	waiting              // for an action of Then, or for the time without one of Until
	lasting              // an action of Then goes on, not long enough yet
	reached              // the derived action goes on
)

// follow takes the window at t. The decider has decided its actions.
func (s *sequence) follow(d *Decider, t time.Duration, emit func(Event)) {
	s.noteAfter(d)
	if s.stage == nothing {
		return
	}
	if until := d.begun(s.rule.until, max(s.after, s.since)); until != nil {
		s.finish(t, until.first, emit)
		s.forget()
		return
	}
	then := d.doing(s.rule.then)
	if len(s.rule.then) > 0 {
		s.noteThen(d, then, t)
	}
	switch {
	case s.stage == reached && len(s.rule.until) == 0 && s.broken(d, then, t):
		s.finish(t, s.then, emit)
		s.forget()
	case s.stage == reached:
		s.goOn(d, t, s.scoreNow(d), emit)
	case s.isReached(d, then, t):
		s.stage = reached
		s.begin(d, t, s.scoreNow(d), emit)
	}
}

// isReached reports whether what the rule asks for has come true. Smoothing shows an action of Until later than it began.
func (s *sequence) isReached(d *Decider, then *label, t time.Duration) bool {
	if len(s.rule.then) == 0 {
		over := t - s.after - s.rule.lasts
		return over >= MaxBreak || over >= 0 && !d.undecided(s.rule.until, s.after, s.after+s.rule.lasts)
	}
	return s.stage == lasting && then != nil && s.then-s.since >= s.rule.lasts
}

// broken reports whether the action of Then is interrupted for too long. The window that shows the next action may come later.
func (s *sequence) broken(d *Decider, then *label, t time.Duration) bool {
	return then == nil && t-s.then > MaxBreak && !d.supported(s.rule.then, s.then+MaxBreak)
}

// noteAfter notes an action of After that goes on.
func (s *sequence) noteAfter(d *Decider) {
	l := d.doing(s.rule.after)
	if l == nil {
		return
	}
	if s.stage == nothing {
		s.stage, s.began, s.since = waiting, l.first, l.first
	}
	s.certainty = max(s.certainty, l.peak)
	if s.stage != reached { // then Until counts from the action that led to it
		s.after = l.latest
	}
}

// noteThen notes whether an action of Then goes on. The window that shows the action may come after the time in which it must begin.
func (s *sequence) noteThen(d *Decider, then *label, t time.Duration) {
	last := s.after + s.rule.within
	if s.stage == lasting && s.broken(d, then, t) {
		s.stage, s.since = waiting, s.began
	}
	switch {
	case s.stage == waiting && then != nil && then.first <= last:
		s.stage, s.since, s.then = lasting, max(s.began, then.first), then.latest
	case s.stage == waiting && t > last && !d.supported(s.rule.then, last):
		s.forget()
	case s.stage != waiting && then != nil:
		s.then = then.latest
	}
}

// scoreNow is the score of a sequence: that of its less certain action.
func (s *sequence) scoreNow(d *Decider) float32 {
	if len(s.rule.then) == 0 {
		return s.certainty
	}
	return min(s.certainty, d.highest(s.rule.then))
}

// pending reports whether the next windows decide whether the action starts.
func (s *sequence) pending() bool { return s.stage == waiting || s.stage == lasting }

// forget makes the sequence one that has seen nothing. Its action must have ended.
func (s *sequence) forget() { *s = sequence{outcome: outcome{rule: s.rule}} }

// shift leaves out a time in which nobody watched.
func (s *sequence) shift(by time.Duration) {
	s.began, s.after, s.since, s.then = s.began+by, s.after+by, s.since+by, s.then+by
}
