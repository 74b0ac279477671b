package main

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"edged/infer"
	"edged/internal/testkit"
)

// replayed is a line of edged replay: an event or a window.
type replayed struct {
	EventType string   `json:"event_type"`
	Phase     string   `json:"phase"`
	ID        int      `json:"id"`
	Score     float64  `json:"score"`
	Peak      float64  `json:"peak_score"`
	Start     float64  `json:"start"`
	End       *float64 `json:"end"`

	Window int                `json:"window"`
	Time   float64            `json:"time"`
	Scores map[string]float64 `json:"scores"`
}

func replayLines(t *testing.T, lines string) []replayed {
	t.Helper()
	var out []replayed
	for line := range strings.Lines(lines) {
		var r replayed
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, r)
	}
	return out
}

func replay(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := edged(t, append([]string{"replay"}, args...)...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	return stdout
}

// Real footage must give the golden events and nothing else. In walkers.mkv somebody walks to the right and, after a gap, to the
// left. vtest.avi shows a path with many people for 80 s. Another ffmpeg decodes slightly differently, so times may differ by a
// window and scores are not compared. After a change of model or settings: edged replay FILE >testdata/NAME.golden.jsonl
func TestReplayOfRealFootageGivesTheGoldenEvents(t *testing.T) {
	testkit.Slow(t)
	for _, name := range []string{"walkers.mkv", "vtest.avi"} {
		t.Run(name, func(t *testing.T) {
			golden, err := os.ReadFile("testdata/" + strings.TrimSuffix(name, filepath.Ext(name)) + ".golden.jsonl")
			if err != nil {
				t.Fatal(err)
			}
			got, want := replayLines(t, replay(t, "--model", "motions", footage(t, name))), replayLines(t, string(golden))
			const window = 0.26 // seconds from one window to the next, and a little
			near := func(a, b *float64) bool {
				return a == nil && b == nil || a != nil && b != nil && math.Abs(*a-*b) <= window
			}
			if !slices.EqualFunc(got, want, func(a, b replayed) bool {
				return a.EventType == b.EventType && a.Phase == b.Phase && a.ID == b.ID && near(&a.Start, &b.Start) && near(a.End, b.End)
			}) {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
			mustNotFlap(t, got)
		})
	}
}

// The same people do nothing but walk for the default model, too. What it may not say is what somebody would be woken for.
func TestReplayOfPeopleWhoWalkRaisesNoAlarm(t *testing.T) {
	testkit.Slow(t)
	for _, name := range []string{"walkers.mkv", "vtest.avi"} {
		events := replayLines(t, replay(t, footage(t, name)))
		if !slices.ContainsFunc(events, func(e replayed) bool { return e.EventType == "walk" }) {
			t.Errorf("%s: nobody walks: %+v", name, events)
		}
		for _, e := range events {
			if slices.Contains([]string{"fall", "fallen", "fight"}, e.EventType) {
				t.Errorf("%s: %s at %.1f s", name, e.EventType, e.Start)
			}
		}
		mustNotFlap(t, events)
	}
}

// mustNotFlap checks that an action lasts for some windows and does not start again right after its end.
func mustNotFlap(t *testing.T, events []replayed) {
	t.Helper()
	const shortest = 0.5 // seconds: two windows
	ended := map[string]float64{}
	for _, e := range events {
		if e.Phase != "end" {
			continue
		}
		if *e.End-e.Start < shortest-0.001 {
			t.Errorf("%s at %.1f s lasts %.1f s", e.EventType, e.Start, *e.End-e.Start)
		}
		if before, again := ended[e.EventType]; again && e.Start-before < shortest {
			t.Errorf("%s ends at %.1f s and starts again at %.1f s", e.EventType, before, e.Start)
		}
		ended[e.EventType] = *e.End
	}
}

func TestReplayGivesTheSameBytes(t *testing.T) {
	testkit.Slow(t)
	walkers := footage(t, "walkers.mkv")
	if a, b := replay(t, "--windows", walkers), replay(t, "--windows", walkers); a != b {
		t.Errorf("two runs differ:\n%s\n%s", a, b)
	}
}

func TestReplayWindows(t *testing.T) {
	testkit.Slow(t)
	var last replayed
	windows := 0
	for _, r := range replayLines(t, replay(t, "--model", "motions", "--windows", "--stride", "1", footage(t, "walkers.mkv"))) {
		if r.Window == 0 {
			continue
		}
		windows++
		if r.Window != windows {
			t.Errorf("window %d comes as number %d", r.Window, windows)
		}
		sum := 0.0
		for _, p := range r.Scores {
			sum += p
		}
		if len(r.Scores) != 12 || math.Abs(sum-1) > 0.002 {
			t.Errorf("window %d: %d scores, sum %v", r.Window, len(r.Scores), sum)
		}
		step := r.Time - last.Time
		if windows == 1 {
			if r.Time < 1.8 { // 16 frames at 8 a second: 15 intervals of an eighth
				t.Errorf("the first window, at %v s, cannot be full", r.Time)
			}
		} else if step > 0.31 && step < 2 {
			t.Errorf("window %d is %v s after the one before: neither the next nor after a full gap", r.Window, step)
		}
		last = r
	}
	// 6.3 s and 8 s of footage, each less the 15/8 s until a window is full, at 8 windows a second.
	if windows < 80 || windows > 90 {
		t.Errorf("%d windows, want about 84", windows)
	}
}

func TestLinesAreJSONWhateverTheModelSays(t *testing.T) {
	var out strings.Builder
	l := &lineWriter{w: bufio.NewWriter(&out), labels: []string{"a\"b\u2028", "\U0001fae9"}}
	l.window(&infer.Window{N: 1, Scores: []float32{float32(math.NaN()), 0.5}})
	if err := l.w.Flush(); err != nil {
		t.Fatal(err)
	}
	var window struct{ Scores map[string]*float64 }
	if err := json.Unmarshal([]byte(out.String()), &window); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	if window.Scores["a\"b\u2028"] != nil || *window.Scores["\U0001fae9"] != 0.5 {
		t.Errorf("got %v", window.Scores)
	}
}
