package node

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"edged/infer"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// views keeps what it learns of views.
type views struct {
	sink.Ignore
	seen []string
}

func (v *views) View(s sink.View) {
	v.seen = append(v.seen, fmt.Sprintf("%s %t %.2f", s.Path, s.Enabled, s.Thresholds["wave"]))
}

func TestSinksLearnEverySwitchAndThreshold(t *testing.T) {
	n, seen := newNode(t, "cameras: [{name: gate, source: 'pattern:'}]"), new(views)
	n.sinks = append(n.sinks, seen)
	n.applySettings()
	for _, err := range []error{n.SetEnabled("gate", false), n.SetThreshold("gate", "wave", 0.9)} {
		if err != nil {
			t.Error(err)
		}
	}
	for _, err := range []error{n.SetEnabled("shed", false), n.SetThreshold("gate", "walk", 0.9), n.RequestSnapshot("shed"), n.RequestSnapshot("gate")} {
		if err == nil {
			t.Error("an unknown view or label, or a snapshot of a disabled view, gives no error")
		}
	}
	if want := []string{"gate true 0.60", "gate false 0.60", "gate false 0.90"}; !slices.Equal(seen.seen, want) {
		t.Errorf("the sink saw %q, want %q", seen.seen, want)
	}
	if s := n.State.Settings.View("gate"); *s.Enabled || s.Thresholds["wave"] != 0.9 {
		t.Errorf("the settings are %+v", s)
	}
}

// Whatever is configured, the decider takes every threshold that a user may set.
func TestEveryThresholdIsTaken(t *testing.T) {
	testkit.Slow(t)
	n := newNode(t, "cameras: [{name: gate, source: 'pattern:'}]")
	v := n.Views[0]
	for enter := 1; enter <= 100; enter++ {
		for exit := 1; exit <= enter; exit++ {
			base := infer.Thresholds{Enter: float32(float64(enter) / 100), Exit: float32(float64(exit) / 100)}
			decider, err := infer.NewDecider([]string{"wave"}, infer.DeciderOptions{Rule: infer.Rule{Thresholds: base}})
			if err != nil {
				t.Fatal(err)
			}
			v.Pipeline.Decider, v.Configured = decider, map[string]infer.Thresholds{"wave": base}
			for score := 1; score <= 100; score++ {
				if err := v.SetThreshold("wave", float64(score)/100); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// What a user has set for one model does not hold for another one that has the same label.
func TestThresholdsOfAnotherModelDoNotHold(t *testing.T) {
	const gate = "cameras: [{name: gate, source: 'pattern:'}]\n"
	for _, c := range []struct {
		yaml, model string
		want        float64
	}{
		{"model: {file: people}\n" + gate, "edged-people-nano", 0.9},
		{"model: {file: people}\n" + gate, "edged-starter", 0.6},
		{"model: {file: motions}\n" + gate, "edged-starter", 0.9},
		// An older edged did not say for which model. Its default was motions.
		{gate, "", 0.6},
		{"model: {file: people}\n" + gate, "", 0.9},
		{"model: {file: motions}\n" + gate, "", 0.9},
	} {
		n := newWithModels(t, c.yaml)
		n.State.Settings.SetThreshold("gate", c.model, "wave", 0.9)
		for range 2 { // the second time it is known whose they are
			n.applySettings()
			if got := n.Settings()["gate"].Thresholds["wave"]; math.Abs(got-c.want) > 1e-6 {
				t.Errorf("%sset for %q: the threshold is %v, want %v", c.yaml, c.model, got, c.want)
			}
		}
	}
}
