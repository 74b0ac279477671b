package infer

import (
	"testing"
	"time"
)

// upAgain is the built-in rule: a fall, and nobody gets up for ten seconds.
var upAgain = Derived{Name: "fallen", After: []string{"fall"}, Until: []string{"get_up", "walk"}, For: 10 * time.Second}

// sceneWith is a scene whose decider has these rules of its labels.
func sceneWith(t *testing.T, label Rule, smoothing time.Duration, rules ...Derived) *scene {
	t.Helper()
	label.Thresholds = Thresholds{Enter: 0.6, Exit: 0.4}
	d, err := NewDecider(peopleLabels, DeciderOptions{Rule: label, Smoothing: smoothing, Background: "other", Interval: sceneEvery, Derived: rules})
	if err != nil {
		t.Fatal(err)
	}
	return &scene{Decider: d, t: t}
}

// A cooldown keeps a second walk from being reported. The rules must not take that for nobody walking.
func TestRulesCountActionsDuringACooldown(t *testing.T) {
	const s = time.Second
	long := Rule{Cooldown: time.Hour}
	sceneWith(t, long, 0, upAgain).play(3*s, "walk").play(s, "fall").play(4*s, "").play(30*s, "walk").want()
	sceneWith(t, long, 0, upAgain).play(3*s, "walk").play(s, "fall").play(12*s, "").play(2*s, "walk").want("fallen start 13.75s", "fallen end 16s at 16s")
	quiet := Derived{Name: "quiet", No: []string{"walk"}, For: 5 * s}
	sceneWith(t, long, 0, quiet).play(2*s, "walk").play(2*s, "").play(20*s, "walk").want()
	// What is too short to be an action is none for the rules either.
	sceneWith(t, Rule{MinDuration: 2 * s}, 0, upAgain).play(3*s, "fall").play(2*s, "").play(s, "walk").play(9*s, "").want("fallen start 12.75s")
}

// Smoothing shows that somebody gets up later than they do.
func TestGettingUpInTheLastMoment(t *testing.T) {
	const s = time.Second
	slow := s
	sceneWith(t, Rule{}, slow, upAgain).play(4*s, "fall").play(9*s, "").play(20*s, "get_up").want()
	// A score that never becomes an action delays the start, but does not prevent it.
	x := sceneWith(t, Rule{}, 0, upAgain).play(s, "fall").play(9*s, "")
	for end := x.now + 10*s; x.now < end; x.now += sceneEvery {
		x.Decide(x.now, []float32{0, 0, 0, 0, 0.5}, x.note)
	}
	x.want("fallen start 13.75s")
}

// An action may be what a rule begins with and what ends it: nobody walks any more, until somebody does.
func TestAnActionThatBeginsAndEndsARule(t *testing.T) {
	const s = time.Second
	gone := Derived{Name: "gone", After: []string{"walk"}, Until: []string{"walk"}, For: 10 * s}
	newScene(t, gone).play(2*s, "walk").play(5*s, "").play(s, "walk").play(20*s, "").play(3*s, "walk").play(10*s, "").
		want("gone start 17.75s", "gone end 28s at 28s", "gone start 40.75s")
}
