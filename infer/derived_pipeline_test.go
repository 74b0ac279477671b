package infer

import (
	"slices"
	"testing"
	"time"
)

// calmRig is a rig with a rule: nothing moves for 10 s.
func calmRig(t *testing.T) (r *rig, show func(from, to int64, content byte), starts func() []time.Duration) {
	t.Helper()
	r = newRig(t, 1, 1, 8)
	d, err := NewDecider([]string{"still", "move"}, DeciderOptions{
		Rule: Rule{Thresholds: Thresholds{0.6, 0.4}}, Background: "still", Interval: time.Second,
		Derived: []Derived{{Name: "calm", No: []string{"move"}, For: 10 * time.Second}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Decider = d
	show = func(from, to int64, content byte) {
		for tick := from; tick < to; tick++ {
			r.frame(tick, content)
			r.step()
		}
	}
	starts = func() (at []time.Duration) {
		for _, e := range r.events {
			if e.Label == "calm" && e.Phase == Start {
				at = append(at, e.Start)
			}
		}
		return at
	}
	return r, show, starts
}

func TestMissingFramesStopTheClockOfRules(t *testing.T) {
	_, show, starts := calmRig(t)
	show(0, 6, 0)
	show(10, 20, 0) // 5 s since the last frame: a gap, of which nobody knows what happened
	if got := starts(); !slices.Equal(got, []time.Duration{15 * time.Second}) {
		t.Errorf("starts at %v, want 15 s: 10 s, and the gap's 5", got)
	}
}

func TestACameraThatWasOfflineStartsRulesAnew(t *testing.T) {
	r, show, starts := calmRig(t)
	show(0, 6, 0)
	r.ring.Reset()
	r.step()
	show(10, 25, 0)
	if got := starts(); !slices.Equal(got, []time.Duration{20 * time.Second}) {
		t.Errorf("starts at %v, want 20 s: 10 s after the camera came back", got)
	}
}

func TestASwitchedOffViewForgetsWhatRulesSaw(t *testing.T) {
	r, show, starts := calmRig(t)
	show(0, 12, 0)
	r.Pause()
	show(12, 14, 0)
	last := r.events[len(r.events)-1]
	if len(starts()) != 1 || last.Phase != End || last.End != 11*time.Second || r.Decider.absences[0].watching || r.Decider.absences[0].since != 0 {
		t.Fatalf("starts at %v, last event %+v, left %+v; want an end at 11 s and nothing left", starts(), last, r.Decider.absences[0])
	}
	r.Begin(15)
	show(14, 30, 0)
	if got := starts(); len(got) != 2 || got[1] != 24*time.Second {
		t.Errorf("starts at %v, want a second at 24 s: 10 s after the view was switched on", got)
	}
}
