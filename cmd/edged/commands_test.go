package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edged/internal/picturetest"
	"edged/internal/testkit"
)

// A setting that comes by MQTT holds at once, is published, and outlives the process. Home Assistant finds the switches.
func TestCommandsAreObeyedAndRemembered(t *testing.T) {
	testkit.Slow(t)
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	state := t.TempDir()
	config := write(t, "edged.yaml", fmt.Sprintf(`
node: board
state_dir: %q
model: {file: motions}
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
	picturetest.LeftHalfMasked(t, []byte(picture))

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

// If the disk cannot be written, the status says so, and edged writes the settings once it can.
func TestSettingsThatCannotBeWritten(t *testing.T) {
	testkit.Slow(t)
	broker := testkit.StartMosquitto(t, "allow_anonymous true")
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

// checkSensors checks that a template's path leads to a number in the statistics.
func checkSensors(t *testing.T, stats, template string) {
	t.Helper()
	var s shownNode
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
