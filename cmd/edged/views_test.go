package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"edged/internal/testkit"
)

// One camera has four views with different strides. They share the engine and the decoding, and each has topics, statistics and entities
// of its own.
func TestViewsOfOneCamera(t *testing.T) {
	testkit.Slow(t)
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	config := write(t, "edged.yaml", fmt.Sprintf(`
node: board
model: {file: motions}
cameras:
  - name: gate
    source: "file:%s"
    views:
      - {name: all, stride: 1, motion_gate: false}
      - {name: left, area: [0, 0, 0.5, 1]}
      - {name: right, area: [0.5, 0, 0.5, 1], stride: 4}
      - {name: sky, area: [0, 0, 1, 0.1]}
mqtt: {broker: "%s", scores: true, scores_every: 0s}
`, footage(t, "walkers.mkv"), broker.URL()))
	p := startEdged(t, "run", "-c", config)
	p.line(t, "gate  online")
	told := sub.wait(t, "homeassistant/device/edged-board/config", has(`"gate/left/enabled"`))
	for _, view := range []string{"all", "left", "right", "sky"} {
		if !strings.Contains(told, `"gate/`+view+`/left_to_right"`) || !strings.Contains(told, "cameras['gate'].views['gate/"+view+"'].invoke_ms") {
			t.Errorf("Home Assistant is not told of view %s: %s", view, told)
		}
		sub.wait(t, "edged/board/gate/"+view+"/scores", has(`"left_to_right":`))
	}
	event := sub.wait(t, "edged/board/gate/all/event", has(`"event_type":"left_to_right"`))
	if !strings.Contains(event, `"camera":"gate"`) || !strings.Contains(event, `"view":"all"`) {
		t.Errorf("event %s", event)
	}
	sub.wait(t, "edged/board/gate/all/left_to_right/state", is("ON"))

	sub.publish(t, "edged/board/gate/right/enabled/set", "OFF")
	sub.wait(t, "edged/board/gate/right/enabled/state", is("OFF"))
	sub.wait(t, "edged/board/gate/left/enabled/state", is("ON"))
	stats := sub.wait(t, "edged/board/stats", has(`"gate/right":{"enabled":false`))
	checkViews(t, stats)
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
}

func checkViews(t *testing.T, stats string) {
	t.Helper()
	var s shownNode
	if err := json.Unmarshal([]byte(stats), &s); err != nil {
		t.Fatal(err)
	}
	views := s.Cameras["gate"].Views
	if n := len(views); n != 4 {
		t.Fatalf("%d views in %s", n, stats)
	}
	if all, sky := views["gate/all"], views["gate/sky"]; all.WindowsGated > 0 || all.Windows < 2*sky.Windows {
		t.Errorf("at stride 1 without a gate %+v, at stride 2 with one where little moves %+v", all, sky)
	}
}

// motionGate replays the clip with and without the gate, which must give the same actions. It returns the share of windows that the gate
// saved, and how many starts and ends there were.
func motionGate(t *testing.T, clip string) (saved float64, events int) {
	t.Helper()
	var said [2]string
	for i, args := range [][]string{{"replay", clip}, {"replay", "--motion-gate", clip}} {
		status, stdout, stderr := edged(t, args...)
		if status != 0 {
			t.Fatalf("%v: %d %s", args, status, stderr)
		}
		said[i] = stdout
		if i == 1 {
			m := regexp.MustCompile(`windows_run=(\d+) windows_saved=(\d+)`).FindStringSubmatch(stderr)
			if m == nil {
				t.Fatalf("says nothing of the gate: %s", stderr)
			}
			run, _ := strconv.ParseFloat(m[1], 64)
			gated, _ := strconv.ParseFloat(m[2], 64)
			saved = gated / (run + gated)
		}
	}
	without, with := replayLines(t, said[0]), replayLines(t, said[1])
	if len(with) != len(without) {
		t.Errorf("%s: %d events with the gate, %d without", clip, len(with), len(without))
	}
	end := func(r replayed) float64 {
		if r.End == nil {
			return 0
		}
		return *r.End
	}
	for i := range min(len(with), len(without)) {
		if a, b := with[i], without[i]; a.EventType != b.EventType || a.Phase != b.Phase || a.Start != b.Start || end(a) != end(b) {
			t.Errorf("%s: %s %s from %g s to %g s with the gate, %s %s from %g s to %g s without",
				clip, a.EventType, a.Phase, a.Start, end(a), b.EventType, b.Phase, b.Start, end(b))
		}
	}
	t.Logf("%s: %.1f %% of the windows saved", filepath.Base(clip), 100*saved)
	return saved, len(with)
}

func TestMotionGateLosesNoEvent(t *testing.T) {
	testkit.Slow(t)
	for _, name := range []string{"vtest.avi", "walkers.mkv"} {
		if _, events := motionGate(t, footage(t, name)); events == 0 {
			t.Errorf("%s: no event that the gate could lose", name)
		}
	}
}

// A real picture that stands still, with the noise of a sensor and a codec.
func TestMotionGateSavesAStillScene(t *testing.T) {
	testkit.Slow(t)
	clip := filepath.Join(t.TempDir(), "still.avi")
	ffmpeg := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", footage(t, "vtest.avi"), "-vf",
		"trim=end_frame=1,loop=400:1,setpts=N/10/TB,noise=alls=12:allf=t", "-r", "10", "-c:v", "mjpeg", "-q:v", "4", clip)
	if out, err := ffmpeg.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	if saved, _ := motionGate(t, clip); saved < 0.9 {
		t.Errorf("%.1f %% of the windows saved, want 90 %%", 100*saved)
	}
}
