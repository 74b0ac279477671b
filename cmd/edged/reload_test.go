package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"edged/internal/testkit"
)

// A camera that was switched off for privacy stays off over a reload, and a threshold stays, whatever becomes of the state folder.
func TestSettingsOutliveAReload(t *testing.T) {
	testkit.Slow(t)
	unreadable := t.TempDir()
	if err := os.Symlink("settings.json", filepath.Join(unreadable, "settings.json")); err != nil { // a loop: nobody can read it
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ before, after string }{
		"without a folder":                {"", ""},
		"the folder goes":                 {t.TempDir(), ""},
		"the folder comes":                {"", t.TempDir()},
		"another folder":                  {t.TempDir(), t.TempDir()},
		"a folder that cannot be read":    {unreadable, unreadable},
		"a folder that cannot be written": {"/proc/1/nothing", "/proc/1/nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			broker := testkit.StartMosquitto(t)
			sub := subscribe(t, broker.URL())
			text := func(dir string) string {
				return fmt.Sprintf("node: board\nstate_dir: %q\nmqtt: {broker: %q, scores: true, scores_every: 0s}\nweb: {listen: ''}\n"+
					"cameras: [{name: gate, source: 'pattern:'}, {name: yard, source: 'pattern:'}]\n", dir, broker.URL())
			}
			config := write(t, "edged.yaml", text(c.before))
			p := startEdged(t, "run", "-c", config)
			sub.wait(t, "edged/board/gate/enabled/state", is("ON"))
			sub.publish(t, "edged/board/gate/enabled/set", "OFF")
			sub.publish(t, "edged/board/gate/wave/threshold/set", "0.93")
			sub.wait(t, "edged/board/gate/enabled/state", is("OFF"))
			sub.wait(t, "edged/board/gate/wave/threshold/state", is("0.93"))
			for range 2 {
				sub.wait(t, "edged/board/status", is("online"))
				sub.forget()
				p.reload(t, config, text(c.after))
				sub.wait(t, "edged/board/status", is("online"))
				sub.wait(t, "edged/board/yard/scores", has("wave"))
				sub.wait(t, "edged/board/gate/enabled/state", is("OFF"))
				sub.wait(t, "edged/board/gate/wave/threshold/state", is("0.93"))
				if n := sub.count("edged/board/gate/scores"); n > 0 {
					t.Errorf("%d windows of a camera that was switched off", n)
				}
			}
		})
	}
}

// Events that wait for a broker that is away wait on after a reload, without a state folder, too.
func TestWaitingEventsOutliveAReload(t *testing.T) {
	testkit.Slow(t)
	address := testkit.FreeAddress(t)
	text := func(source string) string {
		return fmt.Sprintf("node: board\nmqtt: {broker: 'tcp://%s'}\nweb: {listen: %q}\ncameras: [{name: gate, source: %q}]\n", testkit.FreeAddress(t), address, source)
	}
	config := write(t, "edged.yaml", text("file:"+footage(t, "walkers.mkv")))
	waiting := func() (n int, source string) {
		var status struct {
			EventsWaiting int `json:"events_waiting"`
			Cameras       map[string]struct{ Source string }
		}
		body, err := fetch(t.Context(), "http://"+address+"/status")
		if err == nil {
			err = json.Unmarshal(body, &status)
		}
		if err != nil {
			return 0, ""
		}
		return status.EventsWaiting, status.Cameras["gate"].Source
	}
	p := startEdged(t, "run", "-c", config)
	before := 0
	testkit.WaitFor(t, "an event that waits", func() bool { before, _ = waiting(); return before > 0 })
	p.reload(t, config, text("v4l2:/dev/video99")) // no further events
	after := 0
	testkit.WaitFor(t, "the reload", func() bool {
		n, source := waiting()
		after = n
		return source == "v4l2:/dev/video99"
	})
	if after < before {
		t.Errorf("%d events waited before the reload, %d after it", before, after)
	}
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
}
