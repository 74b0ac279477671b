package main

import (
	"context"
	"fmt"
	"slices"

	"edged/teach"
)

// taught is what a variant may learn from. Rows are those of the drawn examples.
type taught struct {
	examples []teach.Example
	copies   [][]teach.Example // of each example
	ordinary []teach.Embedding
	shared   []teach.Example // of the same action before another camera
}

// variant is something that might make teaching better.
type variant struct {
	name  string
	learn func(taught) (score, error)
	moved bool // the embedding, and where in the picture it moves
}

const mirrored = 8 // the first of copiesOfPictures that is mirrored

var variants = []variant{
	{"as built", func(t taught) (score, error) { return logistic(t.examples, t.ordinary) }, false},
	{"nearest mean (prototype)", func(t taught) (score, error) { return prototype(t.examples, t.ordinary) }, false},
	{"with altered copies", func(t taught) (score, error) { return logistic(t.with(0, mirrored), t.ordinary) }, false},
	{"with altered and mirrored copies", func(t taught) (score, error) { return logistic(t.with(0, 2*mirrored+1), t.ordinary) }, false},
	{"with lighter and darker copies", func(t taught) (score, error) { return logistic(t.with(6, mirrored), t.ordinary) }, false},
	{"with where it moves", func(t taught) (score, error) { return logistic(t.examples, t.ordinary) }, true},
	{"with the other view's examples", func(t taught) (score, error) {
		return logistic(append(slices.Clip(t.examples), t.shared...), t.ordinary)
	}, false},
}

func (t *taught) with(from, to int) []teach.Example {
	all := slices.Clone(t.examples)
	for _, copies := range t.copies {
		all = append(all, copies[from:to]...)
	}
	return all
}

// prototype compares a window with the mean of the windows that edged would choose.
func prototype(examples []teach.Example, ordinary []teach.Embedding) (score, error) {
	learned, err := teach.Learn(examples, ordinary)
	if err != nil {
		return nil, err
	}
	scale := scales(ordinary)
	mean := make(teach.Embedding, len(scale))
	for i, e := range examples {
		for k, v := range e[learned.Chosen[i]] {
			mean[k] += v / float32(len(examples))
		}
	}
	return func(e teach.Embedding) float64 { return 1 / (1 + distance(e, []teach.Embedding{mean}, scale)) }, nil
}

// decisions prints what was tried to make teaching better: for each variant the recall at one false alarm an hour in the drawn places, and the
// recall and AUC of the hard case.
func (b *bench) decisions(ctx context.Context) error {
	counts := []int{1, 2, 5}
	fmt.Println("\n| variant | drawn places, 1 example | 2 | 5 | hard case, 1 example | 2 | 5 |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|")
	for _, v := range variants {
		row := "| " + v.name + " |"
		for _, n := range counts {
			recall, err := b.inPlaces(ctx, v, n)
			if err != nil {
				return err
			}
			row += " " + recall + " |"
		}
		for _, n := range counts {
			cell, err := b.inHardCase(ctx, v, n)
			if err != nil {
				return err
			}
			row += " " + cell + " |"
		}
		fmt.Println(row)
	}
	return nil
}

func (b *bench) inPlaces(ctx context.Context, v variant, n int) (string, error) {
	sum, count := 0.0, 0
	for _, p := range places[:3] {
		for k, action := range p.actions {
			shared, err := b.otherView(ctx, p.name, action)
			if err != nil {
				return "", err
			}
			if v.name == "with the other view's examples" && shared == nil {
				continue
			}
			trials, err := b.vary(ctx, p.name, action, v, n, taughtActions(p.actions), shared)
			if err != nil {
				return "", fmt.Errorf("%s, %d: %w", p.name, k, err)
			}
			for _, t := range trials {
				hourly, _ := p.alarms(len(t.others))
				sum, count = sum+t.recall(hourly), count+1
			}
		}
	}
	return fmt.Sprintf("%.0f %%", 100*sum/float64(count)), nil
}

// otherView returns five examples of the action before another camera, where there is one.
func (b *bench) otherView(ctx context.Context, name, action string) ([]teach.Example, error) {
	if name != "chair" {
		return nil, nil
	}
	d, err := b.day("other_chair-1")
	if err != nil {
		return nil, err
	}
	if err := b.describe(ctx, d, "starter", nil); err != nil {
		return nil, err
	}
	l := lessonOf(d, "starter", action)
	return l.drawn(min(5, len(l.examples)), 0), nil
}

func (b *bench) inHardCase(ctx context.Context, v variant, n int) (string, error) {
	if v.name == "with the other view's examples" {
		return "", nil // each example is of another view already
	}
	recall, auc, count := 0.0, 0.0, 0.0
	for _, action := range peopleActions {
		trials, err := b.vary(ctx, "people", action, v, n, taughtActions(peopleActions), nil)
		if err != nil {
			return "", err
		}
		for _, t := range trials {
			recall += t.recall(int(ofOthers * float64(len(t.others))))
			auc += t.auc()
			count++
		}
	}
	return fmt.Sprintf("%.2f, %.2f", recall/count, auc/count), nil
}

// vary teaches the action in this way, once for each draw.
func (b *bench) vary(ctx context.Context, name, action string, v variant, n int, copied func(*event) bool, shared []teach.Example) ([]trial, error) {
	one, two, err := b.pair(name)
	if err != nil {
		return nil, err
	}
	if err := b.describe(ctx, one, "starter", copied); err != nil {
		return nil, err
	}
	if err := b.describe(ctx, two, "starter", nil); err != nil {
		return nil, err
	}
	feature := "starter"
	if v.moved {
		feature = "moved"
		for _, d := range []*day{one, two} {
			if err := d.addWhereItMoves(); err != nil {
				return nil, err
			}
		}
	}
	l := lessonOf(one, feature, action)
	if !v.moved && len(l.copies[0]) == 0 {
		return nil, fmt.Errorf("%s was played before, without altered copies", one.path)
	}
	n = min(n, len(l.examples))
	return b.repeat(func(draw int) (trial, error) {
		t := taught{examples: l.drawn(n, draw), ordinary: l.ordinary, shared: shared}
		for _, i := range l.draw(n, draw) {
			t.copies = append(t.copies, l.copies[i])
		}
		s, err := v.learn(t)
		if err != nil {
			return trial{}, err
		}
		return try(two.all(), feature, action, s)
	})
}

// addWhereItMoves makes the feature "moved": the starter's embedding and, of 64 places, how much changes there.
func (d *day) addWhereItMoves() error {
	if d.features["moved"] {
		return nil
	}
	if err := d.read("differences"); err != nil {
		return err
	}
	for i := range d.events {
		e := &d.events[i]
		for k, w := range e.windows["starter"] {
			beside := e.windows["differences"]
			moved := beside[min(k, len(beside)-1)].Embedding
			both := make(teach.Embedding, 0, len(w.Embedding)+places64)
			both = append(both, w.Embedding...)
			for place := range places64 {
				both = append(both, moved[place]+moved[place+places64])
			}
			e.windows["moved"] = append(e.windows["moved"], teach.Window{Time: w.Time, Embedding: both})
		}
	}
	return d.complete("moved")
}

const places64 = 8 * 8 // of the grid in differences.py
