package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"edged/teach"
)

// lesson is what an action is taught with.
type lesson struct {
	examples []teach.Example // the pool: some of them are drawn
	copies   [][]teach.Example
	ordinary []teach.Embedding
}

// lessonOf makes the first day the lesson of an action.
func lessonOf(d *day, feature, action string) *lesson {
	l := &lesson{}
	for i := range d.events {
		e := &d.events[i]
		if e.mayShow(action) {
			continue
		}
		if !e.shows(action) {
			l.ordinary = append(l.ordinary, e.embeddings(feature)...)
			continue
		}
		l.examples = append(l.examples, e.embeddings(feature))
		l.copies = append(l.copies, copiesOf(e, feature))
	}
	return l
}

// copiesOf turns an event's altered pictures into examples: each alteration of the whole event is one.
func copiesOf(e *event, feature string) []teach.Example {
	var made []teach.Example
	for _, window := range e.copies[feature] {
		for k, altered := range window {
			if k == len(made) {
				made = append(made, nil)
			}
			made[k] = append(made[k], altered)
		}
	}
	return made
}

// draw returns n of the pool's examples, the same for the same number of the draw. The pool must have them.
func (l *lesson) draw(n, number int) []int {
	return rand.New(rand.NewPCG(uint64(n), uint64(number))).Perm(len(l.examples))[:n] //nolint:gosec // no secret: the same examples in each run
}

func (l *lesson) drawn(n, number int) (examples []teach.Example) {
	for _, i := range l.draw(n, number) {
		examples = append(examples, l.examples[i])
	}
	return examples
}

// trials teaches the method n examples of the lesson, and tries it on a day: once for each draw.
func (b *bench) trials(l *lesson, n int, m method, tried *day, action string) ([]trial, error) {
	return b.repeat(func(draw int) (trial, error) {
		s, err := m.learn(l.drawn(n, draw), l.ordinary)
		if err != nil {
			return trial{}, err
		}
		return try(tried.all(), m.feature, action, s)
	})
}

// repeat tries once for each draw, several draws at a time.
func (b *bench) repeat(try func(draw int) (trial, error)) ([]trial, error) {
	trials, errs := make([]trial, b.draws), make([]error, b.draws)
	var all sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for draw := range b.draws {
		all.Go(func() {
			slots <- struct{}{}
			trials[draw], errs[draw] = try(draw)
			<-slots
		})
	}
	all.Wait()
	return trials, errors.Join(errs...)
}

// trial is how events score: those that show the action, and the others.
type trial struct{ shown, others []float64 }

// try scores events. It fails if there is nothing to find, or nothing else.
func try(events []*event, feature, action string, s score) (t trial, err error) {
	for _, e := range events {
		t.add(e, feature, action, s)
	}
	if len(t.shown) == 0 || len(t.others) == 0 {
		err = fmt.Errorf("%d events show %s and %d do not; there must be some of both", len(t.shown), action, len(t.others))
	}
	return t, err
}

func (t *trial) add(e *event, feature, action string, s score) {
	if e.mayShow(action) {
		return
	}
	peak := s.peak(e.windows[feature])
	if e.shows(action) {
		t.shown = append(t.shown, peak)
	} else {
		t.others = append(t.others, peak)
	}
}

// recall is the share of what shows the action that is found, with the lowest threshold at which no more than so many of the others fire.
func (t trial) recall(alarms int) float64 {
	others := slices.Sorted(slices.Values(t.others))
	threshold := others[max(len(others)-1-alarms, 0)]
	found := 0
	for _, p := range t.shown {
		if p > threshold {
			found++
		}
	}
	return float64(found) / float64(len(t.shown))
}

// auc is how often what shows the action scores higher than something else; a tie is half.
func (t trial) auc() float64 {
	wins := 0.0
	for _, p := range t.shown {
		for _, o := range t.others {
			switch {
			case p > o:
				wins++
			case p == o:
				wins += 0.5
			}
		}
	}
	return wins / float64(len(t.shown)*len(t.others))
}
