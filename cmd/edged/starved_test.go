package main

import (
	"strings"
	"testing"
	"time"

	"edged/internal/config"
	"edged/publish"
)

// A camera at less than half of the model's rate never fills a window: the log, the status and readyz must say so.
func TestAViewWithoutWindowsIsShown(t *testing.T) {
	w := openWatcher(t)
	d := &daemon{cfg: config.Default(), builtIn: new(builtIn), watchers: []*watcher{w}, publisher: &publish.Publisher{Broker: "tcp://127.0.0.1:1", Node: "board"}}
	if err := d.publisher.Initialize(); err != nil {
		t.Fatal(err)
	}
	v, cam, now := w.views[0], newCamera(t, w), time.Duration(0)
	// frames delivers them for 10 s at that rate, and makes the report that then is due.
	frames := func(rate int) {
		for range 10 * rate {
			cam.deliver(t, 1)
			cam.frame.Time += time.Second/time.Duration(rate) - time.Second/30
		}
		now += statisticsEvery
		w.measure(now)
	}
	shown := func() bool {
		ready := strings.Contains(d.readiness().Error(), "view test: no window")
		if status := w.stats().Views["test"].Problem != ""; status != ready {
			t.Errorf("status says %t, readyz %t", status, ready)
		}
		return ready
	}
	for i, c := range []struct {
		rate            int
		online, enabled bool
		want            bool
	}{
		{3, false, true, false}, {3, false, true, false}, {3, false, true, false}, {3, false, true, false}, // offline
		{3, true, true, false}, {3, true, true, false}, {3, true, true, true}, {3, true, true, true},
		{8, true, true, false}, {4, true, true, false}, {4, true, true, false}, {4, true, true, false}, {4, true, true, false}, // half is enough
		{3, true, true, false}, {3, true, true, false}, {3, true, true, false}, {3, true, true, true},
		{3, true, false, false}, {3, true, false, false}, {3, true, false, false}, {3, true, false, false}, // disabled
	} {
		w.online.Store(c.online)
		v.enabled.Store(c.enabled)
		frames(c.rate)
		if got := shown(); got != c.want {
			t.Errorf("report %d, %+v: shown %t", i, c, got)
		}
	}
	v.enabled.Store(true)
	for range 4 {
		frames(3)
	}
	if want := "3.0 usable frames/s come, the model needs 8, at least 4 evenly"; !strings.Contains(statusTable(nodeStats{
		Cameras: map[string]cameraStats{"test": w.stats()},
	}), want) {
		t.Errorf("no %q in the status: %s", want, v.problem())
	}
}
