package infer

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var peopleLabels = []string{"other", "walk", "fall", "lying", "get_up"}

func fallen() Derived {
	return Derived{
		Name: "fallen", After: []string{"fall"}, Then: []string{"lying"}, Within: 5 * time.Second, For: 10 * time.Second,
		Until: []string{"get_up", "walk"},
	}
}

// scene plays windows of one action each through a decider without smoothing, four windows a second, and notes the events of rules.
type scene struct {
	*Decider
	t      testing.TB
	now    time.Duration
	events []string
}

const sceneEvery = 250 * time.Millisecond

func newScene(t testing.TB, rules ...Derived) *scene {
	t.Helper()
	d, err := NewDecider(peopleLabels, DeciderOptions{
		Rule: Rule{Thresholds: Thresholds{Enter: 0.6, Exit: 0.4}}, Background: "other", Interval: sceneEvery, Derived: rules,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &scene{Decider: d, t: t}
}

// play shows the labels for so long, "" for nothing and "walk+fall" for both.
func (s *scene) play(lasts time.Duration, labels string) *scene {
	scores := make([]float32, len(peopleLabels))
	for i, label := range peopleLabels {
		if slices.Contains(strings.Split(labels, "+"), label) {
			scores[i] = 0.8
		}
	}
	for end := s.now + lasts; s.now < end; s.now += sceneEvery {
		s.Decide(s.now, scores, s.note)
	}
	return s
}

func (s *scene) note(e Event) {
	if slices.Contains(peopleLabels, e.Label) {
		return
	}
	text := e.Label + " " + string(e.Phase) + " " + e.Newest.String()
	if e.Phase == End {
		text += " at " + e.End.String()
	}
	s.events = append(s.events, text)
}

// pause is a time without windows, after which the scene is still the same.
func (s *scene) pause(lasts time.Duration) *scene {
	s.Pause(s.note)
	s.now += lasts
	return s
}

func (s *scene) offline(lasts time.Duration) *scene {
	s.Gap(s.note)
	s.now += lasts
	return s
}

func (s *scene) want(events ...string) {
	s.t.Helper()
	if !slices.Equal(s.events, events) {
		s.t.Errorf("events\n  %s\nwant\n  %s", strings.Join(s.events, "\n  "), strings.Join(events, "\n  "))
	}
}

func TestFallen(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		what string
		play func(*scene) *scene
		want []string
	}{
		{
			"a fall, then lying, then getting up",
			func(x *scene) *scene { return x.play(s, "fall").play(20*s, "lying").play(2*s, "get_up") },
			[]string{"fallen start 11s", "fallen end 21s at 21s"},
		},
		{"up again at once", func(x *scene) *scene {
			return x.play(s, "fall").play(3*s, "lying").play(2*s, "get_up").play(20*s, "lying")
		}, nil},
		{"lying down without a fall", func(x *scene) *scene { return x.play(60*s, "lying") }, nil},
		{"a fall without lying", func(x *scene) *scene { return x.play(s, "fall").play(60*s, "") }, nil},
		{"lying much later", func(x *scene) *scene { return x.play(s, "fall").play(10*s, "").play(60*s, "lying") }, nil},
		{
			"lying a little later",
			func(x *scene) *scene { return x.play(s, "fall").play(4*s, "").play(11*s, "lying") },
			[]string{"fallen start 15s"},
		},
		{
			"the model is unsure for two seconds",
			func(x *scene) *scene { return x.play(s, "fall").play(6*s, "lying").play(2*s, "").play(4*s, "lying") },
			[]string{"fallen start 11s"},
		},
		{"the model is unsure for long", func(x *scene) *scene { return x.play(s, "fall").play(6*s, "lying").play(8*s, "").play(40*s, "lying") }, nil},
		{
			"someone who walked before the fall does not end it",
			func(x *scene) *scene {
				return x.play(4*s, "walk").play(2*s, "walk+fall").play(2*s, "walk+lying").play(11*s, "lying")
			},
			[]string{"fallen start 16s"},
		},
		{
			"it goes on while nothing is seen, and the next who walks ends it",
			func(x *scene) *scene { return x.play(s, "fall").play(11*s, "lying").play(600*s, "").play(s, "walk") },
			[]string{"fallen start 11s", "fallen end 10m12s at 10m12s"},
		},
		{
			"a second fall",
			func(x *scene) *scene {
				return x.play(s, "fall").play(11*s, "lying").play(s, "get_up").play(s, "fall").play(11*s, "lying")
			},
			[]string{"fallen start 11s", "fallen end 12s at 12s", "fallen start 24s"},
		},
		{
			"a short gap while lying: its time does not count",
			func(x *scene) *scene { return x.play(s, "fall").play(5*s, "lying").pause(4*s).play(6*s, "lying") },
			[]string{"fallen start 15.25s"},
		},
		{
			"a short gap after it started",
			func(x *scene) *scene {
				return x.play(s, "fall").play(11*s, "lying").pause(2*s).play(3*s, "lying").play(s, "get_up")
			},
			[]string{"fallen start 11s", "fallen end 17s at 17s"},
		},
		{
			"the camera goes offline: it ends, and lying alone does not start it again",
			func(x *scene) *scene { return x.play(s, "fall").play(11*s, "lying").offline(2*s).play(30*s, "lying") },
			[]string{"fallen start 11s", "fallen end 11.75s at 11.75s"},
		},
		{"the camera goes offline before", func(x *scene) *scene { return x.play(s, "fall").play(5*s, "lying").offline(s).play(30*s, "lying") }, nil},
	} {
		t.Run(c.what, func(t *testing.T) { c.play(newScene(t, fallen())).want(c.want...) })
	}
}

func TestOneActionAfterAnother(t *testing.T) {
	visit := Derived{Name: "visit", After: []string{"walk"}, Then: []string{"lying", "get_up"}, Within: 2 * time.Second}
	newScene(t, visit).play(2*time.Second, "walk").play(time.Second, "").play(4*time.Second, "get_up").play(time.Second, "lying").play(10*time.Second, "").
		want("visit start 3s", "visit end 11s at 7.75s")
	newScene(t, visit).play(2*time.Second, "walk").play(3*time.Second, "").play(4*time.Second, "get_up").want()
}

func TestTheStartOfThenMayBeReportedLate(t *testing.T) {
	x := newScene(t, Derived{Name: "visit", After: []string{"walk"}, Then: []string{"lying"}, Within: 2 * time.Second})
	x.labels[3].rule.MinDuration = 4 * time.Second
	x.play(2*time.Second, "walk").play(time.Second, "").play(6*time.Second, "lying").want("visit start 7s")
}

func TestNothingOfUntilAfterAnAction(t *testing.T) {
	const s = time.Second
	rule := Derived{Name: "stays", After: []string{"fall"}, For: 10 * s, Until: []string{"get_up", "walk"}}
	newScene(t, rule).play(4*s, "walk").play(2*s, "walk+fall").play(s, "walk").play(60*s, "").play(s, "get_up").
		want("stays start 15.75s", "stays end 1m7s at 1m7s")
	newScene(t, rule).play(2*s, "fall").play(5*s, "").play(s, "walk").play(60*s, "").want()
}

func TestAbsence(t *testing.T) {
	const s = time.Second
	rule := Derived{Name: "quiet", No: []string{"walk", "get_up"}, For: 60 * s}
	for _, c := range []struct {
		what string
		play func(*scene) *scene
		want []string
	}{
		{
			"nobody, then somebody, then nobody",
			func(x *scene) *scene { return x.play(100*s, "").play(s, "walk").play(100*s, "lying") },
			[]string{"quiet start 1m0s", "quiet end 1m40s at 1m40s", "quiet start 2m40.75s"},
		},
		{"always somebody", func(x *scene) *scene {
			return x.play(50*s, "").play(s, "walk").play(50*s, "").play(s, "get_up").play(50*s, "")
		}, nil},
		{"a time offline begins it anew", func(x *scene) *scene { return x.play(50*s, "").offline(100*s).play(50*s, "") }, nil},
		{"a short gap does not count", func(x *scene) *scene { return x.play(50*s, "").pause(5*s).play(9*s, "") }, nil},
		{"nor does it begin it anew", func(x *scene) *scene { return x.play(50*s, "").pause(5*s).play(12*s, "") }, []string{"quiet start 1m5.25s"}},
	} {
		t.Run(c.what, func(t *testing.T) { c.play(newScene(t, rule)).want(c.want...) })
	}
}

func TestTheModelRunsWhileARuleWaits(t *testing.T) {
	x := newScene(t, fallen()).play(time.Second, "fall").play(time.Second, "")
	if x.quiet() {
		t.Error("quiet: a closed gate would hide that somebody lies there")
	}
	if x.play(10*time.Second, ""); !x.quiet() {
		t.Error("not quiet, although the time for lying is over")
	}
}

func TestScoresOfDerivedActions(t *testing.T) {
	d := newScene(t, fallen()).Decider
	var got []Event
	emit := func(e Event) {
		if e.Label == "fallen" {
			got = append(got, e)
		}
	}
	at := time.Duration(0)
	show := func(n int, scores ...float32) {
		for range n {
			d.Decide(at, scores, emit)
			at += sceneEvery
		}
	}
	show(2, 0, 0, 0.7, 0, 0)
	show(60, 0, 0, 0, 0.9, 0)
	show(1, 0, 0, 0, 0, 0.9)
	if len(got) != 2 || got[0].Score != 0.7 || got[0].Peak != 0.7 || got[1].Peak != 0.7 {
		t.Errorf("%+v\nwant a start and an end with the score of the less certain action, 0.7", got)
	}
	if got[0].ID == 0 || got[0].ID != got[1].ID {
		t.Errorf("ids %d and %d: want the same", got[0].ID, got[1].ID)
	}
}

func TestRulesThatCannotBeFollowed(t *testing.T) {
	for _, c := range []struct {
		rule Derived
		want string
	}{
		{Derived{Name: "x", After: []string{"fly"}, Then: []string{"lying"}}, `no action "fly"`},
		{Derived{Name: "x", No: []string{"other"}}, `no action "other"`},
		{Derived{Name: "walk", No: []string{"fall"}}, `rule "walk": the model has a label of this name`},
		{Derived{Name: "x", After: []string{"walk"}}, "must name either"},
		{Derived{Name: "x", After: []string{"walk"}, Then: []string{"fall"}, No: []string{"walk"}}, "must name either"},
		{Derived{Name: "x", No: []string{"walk"}, For: -1}, "must not be negative"},
	} {
		_, err := NewDecider(peopleLabels, DeciderOptions{Rule: Rule{Thresholds: Thresholds{0.6, 0.4}}, Background: "other", Derived: []Derived{c.rule}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.rule, err, c.want)
		}
	}
}

func TestRulesAllocateNothing(t *testing.T) {
	x := newScene(t, fallen(), Derived{Name: "quiet", No: []string{"walk"}, For: time.Minute})
	emit := func(Event) {}
	scores := [][]float32{{0, 0, 0.8, 0, 0}, {0, 0, 0, 0.8, 0}, {0, 0, 0, 0, 0.8}}
	n := 0
	if allocs := testing.AllocsPerRun(5, func() { // it rounds down: each run has many windows
		for range 200 {
			x.Decide(time.Duration(n)*sceneEvery, scores[n/60%3], emit)
			n++
		}
	}); allocs != 0 {
		t.Errorf("%v allocations per 200 windows, want 0", allocs)
	}
}
