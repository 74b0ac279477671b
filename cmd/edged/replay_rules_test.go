package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edged/internal/testkit"
)

func rulesFile(t *testing.T, yaml string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "edged.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What must follow can be read off testdata/vtest.golden.jsonl: three times somebody goes to the right within 3 s after somebody went to
// the left, and in the rest of the time nobody is seen for 3 s three times.
func TestRulesOnRealFootage(t *testing.T) {
	testkit.Slow(t)
	rules := rulesFile(t, `
rules:
  turned: {after: right_to_left, then: left_to_right, within: 3s}
  nobody: {without: left_to_right|right_to_left, for: 3s}
`)
	want := []struct {
		label, phase string
		at           float64 // start, or end
	}{
		{"turned", "start", 11.1}, {"turned", "end", 14.9},
		{"turned", "start", 32.9}, {"nobody", "start", 43.6},
		{"turned", "end", 40.6}, {"nobody", "end", 44.1},
		{"nobody", "start", 58.4}, {"nobody", "end", 58.9},
		{"nobody", "start", 65.1}, {"nobody", "end", 66.6},
		{"turned", "start", 74.6}, {"turned", "end", 79.4},
	}
	var got []replayed
	for _, e := range replayLines(t, replay(t, "--model", "motions", "--rules", rules, footage(t, "vtest.avi"))) {
		if e.EventType == "turned" || e.EventType == "nobody" {
			got = append(got, e)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
	for i, w := range want {
		at := got[i].Start
		if w.phase == "end" {
			at = *got[i].End
		}
		if got[i].EventType != w.label || got[i].Phase != w.phase || math.Abs(at-w.at) > 0.26 {
			t.Errorf("event %d: got %+v\nwant %+v", i, got[i], w)
		}
	}
}

func TestReplayRefusesRulesThatTheModelCannotFollow(t *testing.T) {
	status, _, stderr := edged(t, "replay", "--rules", rulesFile(t, "rules: {x: {after: fall, then: lies}}"), footage(t, "walkers.mkv"))
	if status != exitConfig || !strings.Contains(stderr, `rules.x.then: no model has an action "lies"`) {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// Whoever writes rules wants to see how edged reads them.
func TestCheckShowsTheRules(t *testing.T) {
	status, stdout, stderr := edged(t, "check", "-c", rulesFile(t, "rules: {quiet: {without: walk | run, for: 2h}}\n"))
	for _, want := range []string{
		"rule    fallen: fall, then no get_up|stand_up|walk|run for 10s\n", "rule    quiet: no walk | run for 2h0m0s\n",
	} {
		if status != 0 || !strings.Contains(stdout, want) {
			t.Errorf("status %d: %s%s\nwant %s", status, stdout, stderr, want)
		}
	}
}
