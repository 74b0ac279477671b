package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"edged/internal/testkit"
)

// A camera that was switched off for privacy stays off over a reload, and a threshold stays, whatever becomes of the state folder.
func TestSettingsOutliveAReload(t *testing.T) {
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
