package node

import (
	"fmt"
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
