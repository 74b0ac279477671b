package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edged/infer"
	"edged/internal/logtest"
	"edged/internal/mosquittotest"
)

// What a subscriber sets holds at once, is told to everybody, and outlives the process; Home Assistant is told of it all.
func TestCommandsAreObeyedAndRemembered(t *testing.T) {
	broker := mosquittotest.Start(t)
	sub := subscribe(t, broker.URL())
	state := t.TempDir()
	config := write(t, "edged.yaml", fmt.Sprintf(`
node: board
state_dir: %q
cameras: [{name: gate, source: "file:%s", snapshots: true, masks: [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]}]
mqtt: {broker: "%s", scores: true, scores_every: 0s}
`, state, footage(t, "walkers.mkv"), broker.URL()))
	p := startEdged(t, "run", "-c", config)

	told := sub.wait(t, "homeassistant/device/edged-board/config", has(`"gate/left_to_right"`))
	var discovered struct {
		Components map[string]struct {
			CommandTopic  string `json:"command_topic"`
			ValueTemplate string `json:"value_template"`
		}
	}
	if err := json.Unmarshal([]byte(told), &discovered); err != nil {
		t.Fatal(err)
	}
	if got := discovered.Components["gate/enabled"].CommandTopic; got != "edged/board/gate/enabled/set" {
		t.Errorf("enabled: %q", got)
	}
	checkSensors(t, sub.wait(t, "edged/board/stats", has(`"gate"`)), discovered.Components["/gate/frame_rate"].ValueTemplate)

	sub.wait(t, "edged/board/gate/enabled/state", is("ON"))
	sub.wait(t, "edged/board/gate/left_to_right/threshold/state", is("0.6"))
	sub.wait(t, "edged/board/gate/scores", has(`"left_to_right":`))

	sub.publish(t, "edged/board/gate/snapshot/set", "")
	picture := sub.wait(t, "edged/board/gate/snapshot", has("\xff\xd8"))
	checkMasked(t, picture)

	sub.publish(t, "edged/board/gate/left_to_right/threshold/set", "0.99")
	sub.wait(t, "edged/board/gate/left_to_right/threshold/state", is("0.99"))
	sub.publish(t, "edged/board/gate/enabled/set", "OFF")
	sub.wait(t, "edged/board/gate/enabled/state", is("OFF"))
	for n := -1; n != sub.count("edged/board/gate/scores"); time.Sleep(time.Second) { // what was on its way
		n = sub.count("edged/board/gate/scores")
	}
	sub.forget()
	time.Sleep(time.Second)
	if n := sub.count("edged/board/gate/scores"); n > 0 {
		t.Errorf("%d windows while the view was not enabled", n)
	}
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
	saved, err := os.ReadFile(filepath.Join(state, "settings.json"))
	if err != nil || !strings.Contains(string(saved), "0.99") {
		t.Errorf("settings %s, %v", saved, err)
	}

	sub.forget()
	startEdged(t, "run", "-c", config)
	sub.wait(t, "edged/board/gate/enabled/state", is("OFF"))
	sub.wait(t, "edged/board/gate/left_to_right/threshold/state", is("0.99"))
	sub.publish(t, "edged/board/gate/enabled/set", "ON")
	sub.wait(t, "edged/board/gate/scores", has(`"left_to_right":`))
}

// Whatever is configured, no score that may be asked for is refused.
func TestEveryThresholdIsTaken(t *testing.T) {
	d, v := commanded(t)
	log := new(logtest.Buffer)
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	for enter := 1; enter <= 100; enter++ {
		for exit := 1; exit <= enter; exit++ {
			base := infer.Thresholds{Enter: float32(float64(enter) / 100), Exit: float32(float64(exit) / 100)}
			decider, err := infer.NewDecider([]string{"wave"}, infer.DeciderOptions{Rule: infer.Rule{Thresholds: base}})
			if err != nil {
				t.Fatal(err)
			}
			v.pipeline.Decider, v.thresholds = decider, map[string]infer.Thresholds{"wave": base}
			for score := 1; score <= 100; score++ {
				d.setThreshold(v, "wave", float64(score)/100)
			}
		}
	}
	if log.String() != "" {
		t.Error(log)
	}
}

// A disk that cannot be written shows in the status, and what was set is written once it can be.
func TestSettingsThatCannotBeWritten(t *testing.T) {
	broker := mosquittotest.Start(t, "allow_anonymous true")
	sub := subscribe(t, broker.URL())
	state, address := filepath.Join(t.TempDir(), "state"), freeAddress(t)
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	config := write(t, "edged.yaml", fmt.Sprintf(`
node: board
state_dir: %q
cameras: [{name: gate, source: "pattern:"}]
mqtt: {broker: "%s"}
web: {listen: "%s"}
`, state, broker.URL(), address))
	p := startEdged(t, "run", "-c", config)
	sub.wait(t, "edged/board/gate/enabled/state", is("ON"))
	if err := os.Rename(state, state+".away"); err != nil {
		t.Fatal(err)
	}
	sub.publish(t, "edged/board/gate/enabled/set", "OFF")
	table := ""
	for deadline := time.Now().Add(patience); !strings.Contains(table, "settings DEGRADED"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("status is\n%s", table)
		}
		_, table, _ = edged(t, "status", "-c", config)
	}
	if err := os.Rename(state+".away", state); err != nil {
		t.Fatal(err)
	}
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
	if saved, err := os.ReadFile(filepath.Join(state, "settings.json")); err != nil || !strings.Contains(string(saved), "false") {
		t.Errorf("settings %s, %v", saved, err)
	}
}

// checkSensors looks whether a template's path leads to a number in the statistics.
func checkSensors(t *testing.T, stats, template string) {
	t.Helper()
	var s nodeStats
	if err := json.Unmarshal([]byte(stats), &s); err != nil {
		t.Fatal(err)
	}
	if want := "{{ value_json.cameras['gate'].frames_per_second | round(1) }}"; template != want {
		t.Errorf("template %q, want %q", template, want)
	}
	if s.Cameras["gate"].FramesPerSec <= 0 || !strings.Contains(stats, `"frames_per_second":`) {
		t.Errorf("no frame rate in %s", stats)
	}
}

// checkMasked looks whether the picture's left half is black and its right is not.
func checkMasked(t *testing.T, data string) {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader([]byte(data)))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	var left, right uint32
	for y := b.Min.Y; y < b.Max.Y; y += 4 {
		l, _, _, _ := img.At(b.Dx()/4, y).RGBA()
		r, _, _, _ := img.At(b.Dx()*3/4, y).RGBA()
		left, right = max(left, l>>8), max(right, r>>8)
	}
	if left > 16 || right < 64 {
		t.Errorf("%v: left half up to %d, right up to %d", b, left, right)
	}
}
