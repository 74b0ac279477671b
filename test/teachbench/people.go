package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"edged/teach"
)

// peopleActions are taught one at a time: whoever shows one is another person in another place each time.
var peopleActions = []string{"sit_down", "stand_up", "fall", "get_up", "lie_down", "bend", "wave", "jump", "run", "crawl"}

// ofOthers is the share of other actions that may fire, in the measure of the hard case.
const ofOthers = 0.05

// people prints the hard case: the recall at 5 % of other actions, and the AUC, as the mean over actions and draws.
func (b *bench) people(ctx context.Context) error {
	taught, tried, err := b.pair("people")
	if err != nil {
		return err
	}
	b.header("other people, places and cameras", "%d examples")
	for _, m := range methods {
		row := "| " + m.name + " |"
		for _, d := range []*day{taught, tried} {
			if err := b.describe(ctx, d, m.feature, nil); err != nil {
				return err
			}
		}
		for _, n := range b.shots {
			recall, auc, err := b.hardCase(taught, tried, m, n)
			if err != nil {
				return err
			}
			row += fmt.Sprintf(" %.2f, %.2f |", recall, auc)
		}
		fmt.Println(row)
	}
	return nil
}

func (b *bench) hardCase(taught, tried *day, m method, n int) (recall, auc float64, err error) {
	share := 1 / float64(b.draws*len(peopleActions))
	for _, action := range peopleActions {
		l := lessonOf(taught, m.feature, action)
		trials, err := b.trials(l, n, m, tried, action)
		if err != nil {
			return 0, 0, err
		}
		for _, t := range trials {
			recall += t.recall(int(ofOthers*float64(len(t.others)))) * share
			auc += t.auc() * share
		}
	}
	return recall, auc, nil
}

// questions prints how the hard case rises while a user answers questions: half of the second day is asked about, the other half tests.
func (b *bench) questions(ctx context.Context) error {
	taught, tried, err := b.pair("people")
	if err != nil {
		return err
	}
	fmt.Println("\n| 5 examples, and so many questions answered: recall, AUC, how many yes |", cells("%d", b.asked))
	fmt.Println("|---|" + strings.Repeat("--:|", len(b.asked)))
	for _, m := range methods[:2] {
		for _, d := range []*day{taught, tried} {
			if err := b.describe(ctx, d, m.feature, nil); err != nil {
				return err
			}
		}
		curves := make([][]answers, b.draws)
		if _, err := b.repeat(func(draw int) (t trial, err error) {
			curves[draw] = make([]answers, len(b.asked))
			for _, action := range peopleActions {
				err = errors.Join(err, b.ask(taught, tried, m, action, draw, curves[draw]))
			}
			return t, err
		}); err != nil {
			return err
		}
		row := "| " + m.name + " |"
		share := 1 / float64(b.draws*len(peopleActions))
		for column := range b.asked {
			sum := answers{}
			for _, curve := range curves {
				sum.recall += curve[column].recall * share
				sum.auc += curve[column].auc * share
				sum.yes += curve[column].yes * share
			}
			row += fmt.Sprintf(" %.2f, %.2f, %.1f |", sum.recall, sum.auc, sum.yes)
		}
		fmt.Println(row)
	}
	return nil
}

// header prints the head of a table that has a column of each kind for each number of examples.
func (b *bench) header(first string, kinds ...string) {
	row := "\n| " + first + " |"
	for _, kind := range kinds {
		row += " " + cells(kind, b.shots)
	}
	fmt.Println(row)
	fmt.Println(strings.Repeat("|---", strings.Count(first, "|")+1) + "|" + strings.Repeat("--:|", len(kinds)*len(b.shots)))
}

// cells are those of a row with a number each.
func cells(format string, numbers []int) string {
	made := make([]string, 0, len(numbers))
	for _, n := range numbers {
		made = append(made, fmt.Sprintf(format, n))
	}
	return strings.Join(made, " | ") + " |"
}

type answers struct{ recall, auc, yes float64 }

// ask teaches with five examples, asks about what looks most like the action, learns from each answer, and adds to the curve.
func (b *bench) ask(taught, tried *day, m method, action string, draw int, curve []answers) error {
	l := lessonOf(taught, m.feature, action)
	examples, ordinary := l.drawn(min(5, len(l.examples)), draw), slices.Clone(l.ordinary)
	open, test := halves(tried, draw)
	if !slices.ContainsFunc(test, func(e *event) bool { return e.shows(action) }) { // in small days
		open, test = test, open
	}
	yes := 0.0
	for count, column := 0, 0; column < len(b.asked); count++ {
		s, err := m.learn(examples, ordinary)
		if err != nil {
			return err
		}
		if count == b.asked[column] || len(open) == 0 {
			t, err := try(test, m.feature, action, s)
			if err != nil {
				return err
			}
			curve[column].recall += t.recall(int(ofOthers * float64(len(t.others))))
			curve[column].auc += t.auc()
			curve[column].yes += yes
			column++
		}
		if len(open) == 0 {
			continue
		}
		k := likest(open, m.feature, s)
		if open[k].shows(action) {
			examples, yes = append(examples, open[k].embeddings(m.feature)), yes+1
		} else {
			ordinary = append(ordinary, open[k].embeddings(m.feature)...)
		}
		open = slices.Delete(open, k, k+1)
	}
	return nil
}

// halves splits the day's events at random, in the same way for the same draw.
func halves(d *day, draw int) (one, other []*event) {
	l := lesson{examples: make([]teach.Example, len(d.events))}
	for i, k := range l.draw(len(d.events), draw) {
		if i%2 == 0 {
			one = append(one, &d.events[k])
		} else {
			other = append(other, &d.events[k])
		}
	}
	return one, other
}

func likest(events []*event, feature string, s score) int {
	best, highest := 0, -1.0
	for i, e := range events {
		if p := s.peak(e.windows[feature]); p > highest {
			best, highest = i, p
		}
	}
	return best
}
