package main

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// minutesPerEvent of the drawn days: something moves every three minutes, day and night. So 480 events are a day.
const minutesPerEvent = 3

// place is a fixed camera, and the actions that are taught there.
type place struct {
	name    string
	actions []string
	street  bool // of footage: its events are all the time that there is, and none of them may fire
}

var places = []place{
	{"door", []string{"comes_in", "goes_out"}, false},
	{"chair", []string{"sits_down", "stands_up"}, false},
	{"gate", []string{"opens", "closes"}, false},
	{"vtest", []string{"goes_left", "goes_right"}, true},
}

// alarms returns how many of the others may fire at one false alarm an hour, and a day.
func (p *place) alarms(others int) (hourly, daily int) {
	if p.street {
		return 0, 0
	}
	minutes := float64(others) * minutesPerEvent
	return int(math.Round(minutes / 60)), int(math.Round(minutes / 60 / 24))
}

// outcome is the mean over draws.
type outcome struct{ hourly, daily float64 }

// scenes prints recall at one false alarm an hour and a day, for each place, method and number of examples.
func (b *bench) scenes(ctx context.Context) error {
	b.header("place, action | method", "%d examples, 1 an hour", "%d, 1 a day")
	for i := range places {
		if b.place != "" && b.place != places[i].name {
			continue
		}
		for _, action := range places[i].actions {
			for _, m := range methods {
				if err := b.scene(ctx, &places[i], action, m); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (b *bench) scene(ctx context.Context, p *place, action string, m method) error {
	outcomes, err := b.measure(ctx, p, action, m)
	if err != nil {
		return err
	}
	row := fmt.Sprintf("| %s, %s | %s |", p.name, action, m.name)
	for _, o := range outcomes {
		row += fmt.Sprintf(" %.0f %% |", 100*o.hourly)
	}
	for _, o := range outcomes {
		row += fmt.Sprintf(" %.0f %% |", 100*o.daily)
	}
	fmt.Println(row)
	return nil
}

// measure returns the mean outcome for each number of examples.
func (b *bench) measure(ctx context.Context, p *place, action string, m method) ([]outcome, error) {
	taught, tried, err := b.pair(p.name)
	if err != nil {
		return nil, err
	}
	for _, d := range []*day{taught, tried} {
		if err := b.describe(ctx, d, m.feature, nil); err != nil {
			return nil, err
		}
	}
	l := lessonOf(taught, m.feature, action)
	var outcomes []outcome
	for _, n := range b.shots {
		if n > len(l.examples) {
			return nil, fmt.Errorf("%s: %d events show %s, fewer than %d", taught.path, len(l.examples), action, n)
		}
		trials, err := b.trials(l, n, m, tried, action)
		if err != nil {
			return nil, err
		}
		o := outcome{}
		for _, t := range trials {
			hourly, daily := p.alarms(len(t.others))
			o.hourly += t.recall(hourly) / float64(b.draws)
			o.daily += t.recall(daily) / float64(b.draws)
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// describe gives the day the feature: edged's own, or one that was written beside the video.
func (b *bench) describe(ctx context.Context, d *day, feature string, copied func(*event) bool) error {
	if m := b.networks[feature]; m != nil {
		return d.play(ctx, feature, m, copied)
	}
	return d.read(feature)
}

// taughtActions are those that can be taught in the place, to make copies of.
func taughtActions(actions []string) func(*event) bool {
	return func(e *event) bool { return slices.ContainsFunc(actions, e.shows) }
}
