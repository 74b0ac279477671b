package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"edged/internal/testkit"
)

// A broker that has stopped (its kernel accepts bytes until its buffers are full, and then nothing) does not slow capture. Two edgeds run
// side by side, one of them with such a broker. Both must capture as many frames and run as many windows. A stage that waited for the
// broker would stand still for at least a fifth of the time.
func TestAStoppedBrokerDoesNotSlowCapture(t *testing.T) {
	testkit.Slow(t)
	healthy, stopped := testkit.StartMosquitto(t), testkit.StartMosquitto(t)
	watch := func(broker *testkit.Mosquitto) string {
		address := freeAddress(t)
		config := write(t, "edged.yaml", fmt.Sprintf("node: board\ncameras: [{name: gate, source: 'file:%s'}]\n"+
			"mqtt: {broker: %q, scores: true, scores_every: 0s}\nweb: {listen: %q}\n", footage(t, "walkers.mkv"), broker.URL(), address))
		p := startEdged(t, "run", "-c", config)
		p.line(t, "gate  online")
		subscribe(t, broker.URL()).wait(t, "edged/board/gate/scores", has("scores"))
		go p.drain()
		return address
	}
	a, b := watch(healthy), watch(stopped)
	stopped.Pause()
	defer stopped.Resume()
	count := func(address string) (c [3]float64) {
		body, err := fetch(t.Context(), "http://"+address+"/metrics")
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{`edged_camera_frames_total{camera="gate"} `, `edged_windows_total{view="gate"} `, "edged_events_waiting "} {
			_, rest, _ := strings.Cut(string(body), "\n"+name)
			value, _, _ := strings.Cut(rest, "\n")
			if c[i], err = strconv.ParseFloat(value, 64); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		return c
	}
	a0, b0 := count(a), count(b)
	time.Sleep(15 * time.Second) // the missing acknowledgement, a new connection that nobody answers, the pause after it
	a1, b1 := count(a), count(b)
	t.Logf("in 15 s: %v frames and %v windows at a healthy broker, %v and %v at a stopped one, where %v events wait",
		a1[0]-a0[0], a1[1]-a0[1], b1[0]-b0[0], b1[1]-b0[1], b1[2])
	if b1[0]-b0[0] < 0.8*(a1[0]-a0[0]) || b1[1]-b0[1] < 0.8*(a1[1]-a0[1]) {
		t.Error("capture is slower while the broker is stopped")
	}
	if a1[0] == a0[0] || b1[2] == 0 {
		t.Error("nothing was captured, or no event waits: this shows nothing")
	}
}
