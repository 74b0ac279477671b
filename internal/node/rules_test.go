package node

import (
	"slices"
	"strings"
	"testing"
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

func TestRulesThatNoModelCanFollow(t *testing.T) {
	for rule, want := range map[string]string{
		"x: {after: dance, then: walk}":        `rules.x.after: no model has an action "dance": built-in people has walk, run`,
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
	_, err = Check(parse(t, "cameras: [{name: a, source: 'pattern:'}]\nrules: {fallen: {for: 30s}}\n"))
	if err == nil || !strings.Contains(err.Error(), `rules.fallen.after: no model has`) && !strings.Contains(err.Error(), `rules.fallen.then: no model has an action "lying"`) {
		t.Errorf("a changed rule of a model without its labels: %v", err)
	}
}
