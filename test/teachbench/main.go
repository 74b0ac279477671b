// Command teachbench measures how well actions are taught, beside what a user would do instead: make bench-teach.
//
// The folder holds the days that the Python package beside this file has drawn and cut out of footage. Of each pair of days, an action is taught from a
// few examples of the first, and tried on the second. The command fails if a row of its tables would be empty.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"edged/models"
)

func main() {
	draws := flag.Int("draws", 10, "how often examples are drawn anew; the tables show the mean")
	only := flag.String("only", "", "one part: scenes, people, questions or decisions")
	place := flag.String("place", "", "one place of the scenes: door, chair, gate or vtest")
	small := flag.Bool("small", false, "try with one and three examples only: the days are small")
	flag.Parse()
	if flag.NArg() != 1 || *draws < 1 {
		fmt.Fprintln(os.Stderr, "usage: teachbench [--draws N] DIR")
		os.Exit(64)
	}
	if err := run(context.Background(), flag.Arg(0), *only, *place, *draws, *small); err != nil {
		fmt.Fprintln(os.Stderr, "teachbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder, only, place string, draws int, small bool) error {
	starter, err := models.Starter()
	if err != nil {
		return err
	}
	second, err := models.Load("people")
	if err != nil {
		return err
	}
	b := &bench{folder: folder, place: place, draws: draws, shots: []int{1, 3, 5, 10}, asked: []int{0, 5, 10, 20, 40}, networks: map[string]*models.Model{"starter": starter, "people": second}}
	if small {
		b.shots, b.asked = []int{1, 3}, []int{0, 2}
	}
	parts := []struct {
		name string
		run  func(context.Context) error
	}{{"decisions", b.decisions}, {"scenes", b.scenes}, {"people", b.people}, {"questions", b.questions}}
	ran := 0
	for _, part := range parts {
		if only != "" && only != part.name {
			continue
		}
		ran++
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if ran == 0 {
		return fmt.Errorf("there is no part %q", only)
	}
	return nil
}

// bench holds what the parts share.
type bench struct {
	folder   string
	place    string // the only one of the scenes; empty: all
	draws    int
	shots    []int // numbers of examples that are tried
	asked    []int // numbers of answered questions that are tried
	networks map[string]*models.Model
	days     map[string]*day
}

// pair returns the two days of that name.
func (b *bench) pair(name string) (taught, tried *day, err error) {
	if taught, err = b.day(name + "-1"); err != nil {
		return nil, nil, err
	}
	tried, err = b.day(name + "-2")
	return taught, tried, err
}

func (b *bench) day(name string) (*day, error) {
	if d := b.days[name]; d != nil {
		return d, nil
	}
	d, err := readDay(b.folder, name)
	if err != nil {
		return nil, err
	}
	if b.days == nil {
		b.days = map[string]*day{}
	}
	b.days[name] = d
	return d, nil
}
