package teach

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Example is one time that the user showed the action: the windows of a short stretch, one or more of which show it.
type Example []Embedding

const (
	// windowsOfExample of each example are taken for the action: those that show it best.
	windowsOfExample = 2
	// rounds in which examples choose their windows anew, with the head that the last choice gave.
	rounds = 3
	// mostOrdinary windows go into one fit: some at random, and those that look most like the action.
	mostOrdinary = 1600
	hardest      = 500
)

// Learned is an action that was learned.
type Learned struct {
	Head *Head
	// Found counts the examples that are recognised when each is left out and the rest is learned from; with one example it is 0.
	Found int
	// Chosen is, for each example, the window that shows the action best.
	Chosen []int
}

// Learn fits a head to the examples and ordinary life. Mirror or lighten the examples before if more of them help; each is one of the examples then.
func Learn(examples []Example, ordinary []Embedding) (*Learned, error) {
	if err := check(examples, ordinary); err != nil {
		return nil, err
	}
	head, chosen, err := learn(examples, ordinary)
	if err != nil {
		return nil, err
	}
	l := &Learned{Head: head, Chosen: chosen}
	return l, nil
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
		for _, v := range e {
			if v-v != 0 { // not a number, or infinite
				return errors.New("an embedding holds something that is no number: the model is damaged")
			}
		}
	}
	return nil
}

// learn lets the examples choose their windows and fits the head to these, in turns. At first the windows that stand out most from ordinary life count.
func learn(examples []Example, ordinary []Embedding) (*Head, []int, error) {
	mean, scale := standard(ordinary)
	choose := func(e Embedding) float64 { return oddity(e, mean, scale) }
	few := sample(ordinary, mostOrdinary-hardest)
	var head *Head
	for range rounds {
		negatives := few
		if head != nil {
			negatives = append(slices.Clip(few), hard(ordinary, head)...)
		}
		var err error
		if head, err = fitHead(best(examples, choose), negatives, head); err != nil {
			return nil, nil, err
		}
		choose = head.Score
	}
	chosen := make([]int, len(examples))
	for i, e := range examples {
		chosen[i] = ranked(e, head.Score)[0]
	}
	return head, chosen, nil
}

// oddity is how far the window is from ordinary life, in standard deviations.
func oddity(e Embedding, mean, scale []float64) float64 {
	sum := 0.0
	for i, v := range e {
		d := (float64(v) - mean[i]) / scale[i]
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(e)))
}

// best returns the windows of each example that score highest.
func best(examples []Example, score func(Embedding) float64) (windows []Embedding) {
	for _, e := range examples {
		order := ranked(e, score)
		for _, i := range order[:min(windowsOfExample, len(order))] {
			windows = append(windows, e[i])
		}
	}
	return windows
}

// ranked returns the indexes of the windows, the highest score first.
func ranked(windows []Embedding, score func(Embedding) float64) []int {
	scores, order := make([]float64, len(windows)), make([]int, len(windows))
	for i, w := range windows {
		scores[i], order[i] = score(w), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order
}

// sample returns at most n windows, always the same of the same.
func sample(windows []Embedding, n int) []Embedding {
	if len(windows) <= n {
		return windows
	}
	random := rand.New(rand.NewPCG(1, 1))
	out := make([]Embedding, n)
	for i, k := range random.Perm(len(windows))[:n] {
		out[i] = windows[k]
	}
	return out
}

// hard returns the windows of ordinary life that look most like the action.
func hard(ordinary []Embedding, head *Head) (out []Embedding) {
	for _, i := range ranked(ordinary, head.Score)[:min(hardest, len(ordinary))] {
		out = append(out, ordinary[i])
	}
	return out
}

// LeaveOneOut returns how many examples score at least threshold when each is left out and the rest is learned from. The user is told this number.
func LeaveOneOut(examples []Example, ordinary []Embedding, threshold func(*Head) float64) (found int, err error) {
	if len(examples) < 2 {
		return 0, nil
	}
	for i := range examples {
		head, _, err := learn(slices.Delete(slices.Clone(examples), i, i+1), ordinary)
		if err != nil {
			return 0, err
		}
		if head.Score(examples[i][ranked(examples[i], head.Score)[0]]) >= threshold(head) {
			found++
		}
	}
	return found, nil
}
