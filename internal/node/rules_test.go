package node

import (
	"slices"
	"strings"
	"testing"

	"edged/teach"
)

func TestRulesHoldForTheCamerasWhoseModelHasTheirLabels(t *testing.T) {
	n := newWithModels(t, twoModels+"rules: {seen: {without: walk|run, for: 1m}, back: {after: left_to_right, then: right_to_left}}\n")
	want := map[string][]string{"gate": {"back"}, "hall": {"fallen", "seen"}, "yard": {"back"}}
	for _, c := range n.publishedCameras() {
		if !slices.Equal(c.Derived, want[c.Name]) || !slices.Equal(n.DerivedOf(c.Name), want[c.Name]) {
			t.Errorf("%s has %q and %q, want %q", c.Name, c.Derived, n.DerivedOf(c.Name), want[c.Name])
		}
	}
	off := newWithModels(t, twoModels+"rules: {fallen: false}\n")
	if got := off.DerivedOf("hall"); len(got) != 0 {
		t.Errorf("switched off, but the camera has %q", got)
	}
}

// Somebody has taught and switched live what another model or configuration has by itself: the action rests until it has another name.
func TestATaughtNameThatTheModelHasNow(t *testing.T) {
	before := newWithModels(t, twoModels)
	before.openTeacher()
	teacher := before.State.Teacher
	for _, name := range []string{"fallen", "walk", "rings"} {
		if err := teacher.Create("gate", name); err != nil {
			t.Fatal(err)
		}
	}
	cfg := parse(t, strings.Replace(twoModels, `gate, source: "pattern:"`, `gate, source: "pattern:", model: people`, 1))
	all, err := Check(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(Inputs{Config: cfg, Models: all, State: before.State})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	n.openTeacher()
	actions, err := teacher.Actions("gate")
	if err != nil {
		t.Fatal(err)
	}
	threshold := n.Settings()["gate"].Thresholds["walk"]
	for i := range actions {
		a := &actions[i]
		a.Live, a.Threshold = true, 0.123
		if clash := a.Name != "rings"; (a.State == teach.NeedsName) != clash || n.isTaught("gate", a.Name) == clash {
			t.Errorf("%s: state %s, %q, taught: %v", a.Name, a.State, a.Problem, n.isTaught("gate", a.Name))
		}
	}
	gate, _ := n.viewIndex("gate")
	n.noteTaught(gate, actions)
	n.reportView(gate) // would not survive a threshold of a rule
	if now := n.Settings()["gate"].Thresholds; now["walk"] != threshold || now["fallen"] != 0 || now["rings"] != 0.123 {
		t.Errorf("thresholds %v", now)
	}
	if err := teacher.Rename("gate", "fallen", "fallen_again"); err != nil {
		t.Error(err)
	}
}

func TestRulesThatNoModelCanFollow(t *testing.T) {
	for rule, want := range map[string]string{
		"x: {after: dance, then: walk}":        `rules.x.after: no model has an action "dance": built-in motions has left_to_right, `,
		"x: {without: walk|other, for: 1m}":    `rules.x.without: no model has an action "other"`,
		"walk: {after: fall, then: lying}":     "rules.walk: built-in people has a label of this name",
		"x: {after: left_to_right, then: run}": "rules.x: no single model has all labels of this rule",
		"state: {after: fall, then: lying}":    "rules.state: publish: ",
	} {
		_, err := Check(parse(t, twoModels+"rules: {"+rule+"}\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", rule, err, want)
		}
	}
	_, err := Check(parse(t, twoModels+"detect: {labels: {fallen: {enter: 0.8}}}\n"))
	if err == nil || !strings.Contains(err.Error(), "detect.labels.fallen: this is a rule, and a rule has no thresholds") {
		t.Errorf("thresholds of a rule: %v", err)
	}
	_, err = Check(parse(t, "model: {file: motions}\ncameras: [{name: a, source: 'pattern:'}]\nrules: {fallen: {for: 30s}}\n"))
	if err == nil || !strings.Contains(err.Error(), `rules.fallen.until: no model has an action "get_up"`) {
		t.Errorf("a changed rule of a model without its labels: %v", err)
	}
}
