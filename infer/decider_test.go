package infer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

const (
	windowEvery = 125 * time.Millisecond
	smoothing   = 500 * time.Millisecond // of smoothing
)

func moveDecider(t *testing.T, o DeciderOptions) *Decider {
	t.Helper()
	o.Background, o.Interval = "still", windowEvery
	if o.Thresholds == (Thresholds{}) {
		o.Thresholds = Thresholds{Enter: 0.6, Exit: 0.4}
	}
	d, err := NewDecider([]string{"still", "left", "right"}, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// trace runs the decider over scores of left and right, one pair a window, and renders the events.
func trace(d *Decider, pairs [][2]float32) []string {
	var events []string
	for i, pair := range pairs {
		scores := []float32{1 - pair[0] - pair[1], pair[0], pair[1]}
		d.Decide(time.Duration(i)*windowEvery, scores, func(e Event) { events = append(events, render(e)) })
	}
	return events
}

// render writes an event and its time as text.
func render(e Event) string {
	span := fmt.Sprintf("from %v", e.Start)
	if e.Phase == End {
		span += fmt.Sprintf(" to %v", e.End)
	}
	return fmt.Sprintf("%v: %d %s %s %s score %.2f peak %.2f", e.Newest, e.ID, e.Label, e.Phase, span, e.Score, e.Peak)
}

func repeat(n int, left, right float32) (pairs [][2]float32) {
	for range n {
		pairs = append(pairs, [2]float32{left, right})
	}
	return pairs
}

func join(parts ...[][2]float32) (pairs [][2]float32) {
	for _, part := range parts {
		pairs = append(pairs, part...)
	}
	return pairs
}

func TestDeciderTraces(t *testing.T) {
	half := DeciderOptions{Smoothing: smoothing}
	with := func(r Rule) DeciderOptions {
		r.Thresholds = Thresholds{Enter: 0.6, Exit: 0.4}
		return DeciderOptions{Rule: r}
	}
	for _, c := range []struct {
		what    string
		options DeciderOptions
		trace   [][2]float32
		want    []string
	}{
		{
			// From 0 with 1-exp(-1/4) = 0.2212 a window: 0.21 0.37 0.50 0.60 at 0.95; four windows to 0.60. The first of
			// them, of 1 s, is where it started; the last high one, of 2.875 s, is where it ended.
			what: "an action of two seconds", options: half,
			trace: join(repeat(8, 0.01, 0.01), repeat(16, 0.95, 0.02), repeat(16, 0.02, 0.02)),
			want: []string{
				"1.375s: 1 left start from 1s score 0.60 peak 0.60",
				"3.375s: 1 left end from 1s to 2.875s score 0.36 peak 0.93",
			},
		},
		{
			what:  "the same, unsmoothed",
			trace: join(repeat(8, 0.01, 0.01), repeat(16, 0.95, 0.02), repeat(16, 0.02, 0.02)),
			want: []string{
				"1s: 1 left start from 1s score 0.95 peak 0.95",
				"3s: 1 left end from 1s to 2.875s score 0.02 peak 0.95",
			},
		},
		{
			what: "there and back again", options: half,
			trace: join(repeat(16, 0.95, 0.02), repeat(16, 0.02, 0.95)),
			want: []string{
				"375ms: 1 left start from 0s score 0.60 peak 0.60",
				"2.375s: 1 left end from 0s to 1.875s score 0.36 peak 0.93",
				"2.375s: 2 right start from 2s score 0.61 peak 0.61",
			},
		},
		{
			what: "three surprising windows", options: half,
			trace: join(repeat(8, 0.01, 0.01), repeat(3, 0.99, 0), repeat(8, 0.01, 0.01)),
		},
		{
			what: "one window missed in the middle", options: half,
			trace: join(repeat(16, 0.95, 0.02), repeat(1, 0.05, 0.02), repeat(8, 0.95, 0.02), repeat(16, 0.02, 0.02)),
			want: []string{
				"375ms: 1 left start from 0s score 0.60 peak 0.60",
				"3.5s: 1 left end from 0s to 3s score 0.35 peak 0.93",
			},
		},
		{
			what: "a run that breaks off does not count as the start", options: half,
			trace: join(repeat(2, 0.95, 0), repeat(1, 0.1, 0), repeat(6, 0.95, 0), repeat(8, 0, 0)),
			want: []string{
				"625ms: 1 left start from 375ms score 0.65 peak 0.65",
				"1.375s: 1 left end from 375ms to 1s score 0.38 peak 0.81",
			},
		},
		{
			what: "between the thresholds nothing starts", options: half,
			trace: repeat(100, 0.55, 0.4),
		},
		{
			what: "the background never fires", options: half,
			trace: repeat(100, 0, 0),
		},
		{
			what: "a label's own thresholds", options: DeciderOptions{PerLabel: map[string]Rule{"right": {Thresholds: Thresholds{0.3, 0.2}}}},
			trace: join(repeat(1, 0.35, 0.35), repeat(1, 0.25, 0.25), repeat(1, 0.15, 0.15)),
			want: []string{
				"0s: 1 right start from 0s score 0.35 peak 0.35",
				"250ms: 1 right end from 0s to 125ms score 0.15 peak 0.35",
			},
		},
		{
			what: "shorter than the minimum", options: with(Rule{MinDuration: 500 * time.Millisecond}),
			trace: join(repeat(4, 0.9, 0), repeat(8, 0, 0)), // from 0 to 375 ms
		},
		{
			what: "as long as the minimum", options: with(Rule{MinDuration: 500 * time.Millisecond}),
			trace: join(repeat(5, 0.9, 0), repeat(8, 0, 0)),
			want: []string{
				"500ms: 1 left start from 0s score 0.90 peak 0.90",
				"625ms: 1 left end from 0s to 500ms score 0.00 peak 0.90",
			},
		},
		{
			what:    "smoothing has taken as long as the minimum",
			options: DeciderOptions{Smoothing: smoothing, Rule: Rule{MinDuration: 375 * time.Millisecond, Thresholds: Thresholds{0.6, 0.4}}},
			trace:   repeat(5, 0.95, 0.02),
			want:    []string{"375ms: 1 left start from 0s score 0.60 peak 0.60"},
		},
		{
			what: "again before the cooldown is over", options: with(Rule{Cooldown: time.Second}),
			trace: join(repeat(2, 0.9, 0), repeat(2, 0, 0), repeat(4, 0.9, 0.05), repeat(8, 0, 0), repeat(2, 0.9, 0), repeat(1, 0, 0)),
			want: []string{
				"0s: 1 left start from 0s score 0.90 peak 0.90",
				"250ms: 1 left end from 0s to 125ms score 0.00 peak 0.90",
				"2s: 2 left start from 2s score 0.90 peak 0.90",
				"2.25s: 2 left end from 2s to 2.125s score 0.00 peak 0.90",
			},
		},
		{
			what: "one that outlasts the cooldown, beside a label of its own", options: with(Rule{Cooldown: time.Second}),
			trace: join(repeat(1, 0.9, 0), repeat(1, 0, 0), repeat(1, 0, 0.9), repeat(10, 0.9, 0)),
			want: []string{
				"0s: 1 left start from 0s score 0.90 peak 0.90",
				"125ms: 1 left end from 0s to 0s score 0.00 peak 0.90",
				"250ms: 2 right start from 250ms score 0.90 peak 0.90",
				"375ms: 2 right end from 250ms to 250ms score 0.00 peak 0.90",
				"1.125s: 3 left start from 375ms score 0.90 peak 0.90",
			},
		},
		{
			what: "updates", options: with(Rule{UpdateEvery: 250 * time.Millisecond}),
			trace: join(repeat(2, 0.7, 0), repeat(2, 0.9, 0), repeat(2, 0.8, 0), repeat(1, 0, 0)),
			want: []string{
				"0s: 1 left start from 0s score 0.70 peak 0.70",
				"250ms: 1 left update from 0s score 0.90 peak 0.90",
				"500ms: 1 left update from 0s score 0.80 peak 0.90",
				"750ms: 1 left end from 0s to 625ms score 0.00 peak 0.90",
			},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			got := trace(moveDecider(t, c.options), c.trace)
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestThresholdsChangeWhileItRuns(t *testing.T) {
	d := moveDecider(t, DeciderOptions{})
	want := func(what string, pairs [][2]float32, want ...string) {
		t.Helper()
		if got := trace(d, pairs); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	set := func(enter, exit float32) {
		t.Helper()
		if err := d.SetThresholds("left", Thresholds{enter, exit}); err != nil {
			t.Fatal(err)
		}
	}
	want("below", repeat(4, 0.5, 0))
	set(0.5, 0.3)
	want("thresholds lowered", repeat(1, 0.5, 0), "0s: 1 left start from 0s score 0.50 peak 0.50")
	set(0.9, 0.8)
	want("thresholds raised", repeat(2, 0.5, 0), "0s: 1 left end from 0s to 0s score 0.50 peak 0.50")

	for label, thresholds := range map[string]Thresholds{"left": {0.4, 0.6}, "up": {0.6, 0.4}, "still": {0.6, 0.4}} {
		if err := d.SetThresholds(label, thresholds); err == nil || !strings.Contains(err.Error(), label) {
			t.Errorf("%s %v: error %v, want one that names the label", label, thresholds, err)
		}
	}
}

// Run with -race.
func TestThresholdsAreSetFromAnotherGoroutine(t *testing.T) {
	d := moveDecider(t, DeciderOptions{})
	set := make(chan struct{})
	go func() {
		defer close(set)
		for range 1000 {
			if err := d.SetThresholds("left", Thresholds{0.7, 0.5}); err != nil {
				t.Error(err)
			}
		}
	}()
	trace(d, repeat(1000, 0.6, 0))
	<-set
	trace(d, repeat(2, 0, 0)) // ends what still goes on
	got := trace(d, join(repeat(2, 0.65, 0), repeat(2, 0.75, 0), repeat(2, 0.45, 0)))
	if len(got) != 2 || !strings.HasPrefix(got[0], "250ms: ") || !strings.Contains(got[0], " start ") || !strings.HasPrefix(got[1], "500ms: ") {
		t.Errorf("%q, want a start with 0.75 and an end with 0.45", got)
	}
}

func TestDeciderDoesNotFlapOnNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	noise := func(n int, mean float32) (pairs [][2]float32) {
		for range n {
			pairs = append(pairs, [2]float32{min(max(mean+0.25*float32(random.NormFloat64()), 0), 1), 0})
		}
		return pairs
	}
	d := moveDecider(t, DeciderOptions{Smoothing: smoothing})
	events := trace(d, join(noise(400, 0.15), noise(400, 0.85), noise(400, 0.15)))
	if len(events) != 2 {
		t.Errorf("one noisy action of 50 s made %d events:\n%s", len(events), strings.Join(events, "\n"))
	}
}

func TestDeciderOutlivesScoresThatAreNoProbabilities(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		what  string
		wrong float32
	}{
		{"NaN", nan},
		{"below 0", -3},
		{"endless below 0", -inf},
		{"above 1", 3},
		{"endless", inf},
	} {
		t.Run(c.what, func(t *testing.T) {
			d := moveDecider(t, DeciderOptions{Smoothing: windowEvery})
			events := trace(d, join(repeat(3, 1, 0), repeat(1, c.wrong, 0), repeat(4, 0, 0)))
			if len(events) != 2 || !strings.Contains(events[0], " start ") || !strings.Contains(events[1], " end ") {
				t.Errorf("events %q, want one start and one end", events)
			}
		})
	}
}

func TestDeciderWeighsWindowsByTime(t *testing.T) {
	// However many windows a second there are, the start comes about as long after the action began.
	var starts []time.Duration
	for _, every := range []time.Duration{25 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond} {
		d, err := NewDecider([]string{"move"}, DeciderOptions{
			Rule: Rule{Thresholds: Thresholds{0.6, 0.4}}, Smoothing: smoothing, Interval: every,
		})
		if err != nil {
			t.Fatal(err)
		}
		for at := every; at < 2*time.Second; at += every {
			d.Decide(at, []float32{1}, func(e Event) { starts = append(starts, e.Newest) })
		}
	}
	// 1-exp(-t/0.5s) reaches 0.6 at 458 ms; a window can be late by its interval.
	for _, s := range starts {
		if len(starts) != 3 || s < 450*time.Millisecond || s > 660*time.Millisecond {
			t.Fatalf("starts at %v, want all between 458 ms and 200 ms later", starts)
		}
	}
}

func TestDeciderGapEndsWhatIsOn(t *testing.T) {
	d := moveDecider(t, DeciderOptions{Smoothing: smoothing})
	trace(d, repeat(16, 0.95, 0.02))
	var events []string
	emit := func(e Event) { events = append(events, render(e)) }
	d.Gap(emit)
	d.Gap(emit) // nothing is on any more
	if len(events) != 1 || !strings.HasPrefix(events[0], "1.875s: 1 left end from 0s to 1.875s") {
		t.Errorf("events %q, want one end at the last window, 1.875s", events)
	}
	// After the gap the score starts from 0 again.
	if again := trace(d, repeat(3, 0.95, 0.02)); len(again) != 0 {
		t.Errorf("three windows after the gap made %q", again)
	}
}

func TestNewDeciderNamesEveryProblem(t *testing.T) {
	_, err := NewDecider([]string{"left"}, DeciderOptions{
		Rule:      Rule{Thresholds: Thresholds{Enter: 0.4, Exit: 0.6}, Cooldown: -time.Second},
		PerLabel:  map[string]Rule{"rigth": {Thresholds: Thresholds{0.6, 0.4}}, "left": {Thresholds: Thresholds{1.5, 0.4}}},
		Smoothing: -time.Second,
	})
	for _, want := range []string{"every label", `"rigth"`, `"left"`, "smoothing", "cooldown -1s"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
}
