package teach

import (
	"errors"
	"fmt"
	"slices"
)

// Example is one time that the user showed the action: the windows of a short stretch, one or more of which show it.
type Example []Embedding

const (
	// windowsOfExample of each example are taken for the action: those that show it best. They are about a second.
	windowsOfExample = 4
	// rounds in which examples choose their windows anew, with the head that the last choice gave.
	rounds = 3
	// mostOrdinary windows go into one fit: some at random, and those that look most like the action.
	mostOrdinary = 1600
	hardest      = 500
)

// Learned is an action that was learned.
type Learned struct {
	Head *Head
	// Chosen is, for each example, the window that shows the action best.
	Chosen []int
}

// Learn fits a head to the examples and ordinary life.
func Learn(examples []Example, ordinary []Embedding) (*Learned, error) {
	if err := check(examples, ordinary); err != nil {
		return nil, err
	}
	l := newLesson(ordinary)
	if err := l.learn(examples); err != nil {
		return nil, err
	}
	learned := &Learned{Head: &l.head, Chosen: make([]int, len(examples))}
	for i, e := range examples {
		learned.Chosen[i] = ranked(e, l.head.margin)[0]
	}
	return learned, nil
}

func check(examples []Example, ordinary []Embedding) error {
	if len(examples) == 0 {
		return errors.New("teach: no example")
	}
	for i, e := range examples {
		if len(e) == 0 {
			return fmt.Errorf("teach: example %d has no window", i+1)
		}
	}
	if len(ordinary) == 0 {
		return errors.New("teach: no ordinary life: let the camera see what happens without the action")
	}
	size := len(ordinary[0])
	for i, e := range examples {
		if err := checkWindows(e, size); err != nil {
			return fmt.Errorf("teach: example %d: %w", i+1, err)
		}
	}
	if err := checkWindows(ordinary, size); err != nil {
		return fmt.Errorf("teach: ordinary life: %w", err)
	}
	return nil
}

// checkWindows makes sure that all windows are of one model, and that it gave numbers.
func checkWindows(windows []Embedding, size int) error {
	for _, e := range windows {
		if len(e) != size || size == 0 {
			return fmt.Errorf("embeddings of %d and of %d numbers are of two models", len(e), size)
		}
		if square := dot(e, e); square-square != 0 { // not a number, or infinite, or far too large
			return errors.New("an embedding holds something that is no number: the model is damaged")
		}
	}
	return nil
}

// lesson is one attempt to learn from ordinary life and some examples.
type lesson struct {
	scales
	ordinary  []Embedding
	few       []Embedding // of ordinary life, at random
	negatives []Embedding // what the head was fitted to: few, and those that look most like the action
	x         []float64   // the head's weights, for standardised numbers
	head      Head
}

func newLesson(ordinary []Embedding) *lesson {
	l := &lesson{ordinary: ordinary, scales: standard(ordinary)}
	l.few = sample(ordinary, mostOrdinary-hardest)
	l.negatives = l.few
	return l
}

// learn lets the examples choose their windows and fits the head to these, in turns. At first the windows that stand out most from ordinary life count.
func (l *lesson) learn(examples []Example) error {
	choose := l.oddity
	for range rounds {
		if l.x != nil {
			l.negatives = slices.Concat(l.few, hard(l.ordinary, &l.head))
			choose = l.head.margin
		}
		if err := l.fit(best(examples, choose)); err != nil {
			return err
		}
	}
	return nil
}

func (l *lesson) fit(positive []Embedding) (err error) {
	if l.x, err = l.solve(positive, l.negatives, l.x); err != nil {
		return err
	}
	l.fold(&l.head, l.x)
	return nil
}

// LeaveOneOut returns how many examples score at least threshold when each is left out and the rest is learned from. The user is told this number.
func LeaveOneOut(examples []Example, ordinary []Embedding, threshold func(*Head) float64) (found int, err error) {
	each, err := LeaveEachOut(examples, ordinary, threshold)
	for _, is := range each {
		if is {
			found++
		}
	}
	return found, err
}

// LeaveEachOut returns for each example whether it scores at least threshold when it is left out and the rest is learned from; nothing of a single
// example. All attempts begin with the head of all examples, and with the windows that it chose: each takes a small part of Learn's time.
func LeaveEachOut(examples []Example, ordinary []Embedding, threshold func(*Head) float64) (found []bool, err error) {
	err = leaveEachOut(examples, ordinary, func(h *Head, left int) error {
		found = append(found, h.Score(examples[left][ranked(examples[left], h.margin)[0]]) >= threshold(h))
		return nil
	})
	return found, err
}

// leaveEachOut hands each, in turn, the head that was learned without one of the examples.
func leaveEachOut(examples []Example, ordinary []Embedding, each func(h *Head, left int) error) error {
	if err := check(examples, ordinary); err != nil {
		return err
	}
	if len(examples) == 1 {
		return nil
	}
	all := newLesson(ordinary)
	if err := all.learn(examples); err != nil {
		return err
	}
	for i := range examples {
		rest := slices.Delete(slices.Clone(examples), i, i+1)
		l := lesson{scales: all.scales, negatives: all.negatives, x: all.x}
		if err := l.fit(best(rest, all.head.margin)); err != nil {
			return err
		}
		if err := each(&l.head, i); err != nil {
			return err
		}
	}
	return nil
}
