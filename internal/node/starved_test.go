package node

import (
	"bytes"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/infer/engine"
	"edged/internal/telemetry"
	"edged/internal/watch"
)

// A camera at less than half of the model's rate never fills a window. The log, the status and readyz must say so.
func TestAViewWithoutWindowsIsShown(t *testing.T) {
	n := newNode(t, "cameras: [{name: gate, source: 'pattern:'}]")
	e, err := watch.OpenEngine(n.Model, engine.Options{}, n.Views)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	c, v, now := n.Cameras[0], n.Views[0], time.Duration(0)
	frame := greyFrame(t)
	// deliver feeds frames at that rate for 10 s, and makes the report that is then due.
	deliver := func(rate int) {
		for range 10 * rate {
			c.Frame(&frame)
			frame.Time += time.Second / time.Duration(rate)
			if err := v.Pipeline.Step(); err != nil {
				t.Fatal(err)
			}
		}
		now += statisticsEvery
		c.Measure(now)
	}
	shown := func() bool {
		ready := strings.Contains(n.Ready().Error(), "view gate: no window")
		if status := strings.Contains(statusText(t, n), "no window for"); status != ready {
			t.Errorf("status says %t, readyz %t", status, ready)
		}
		return ready
	}
	for i, s := range []struct {
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
		c.SetStatus(s.online, nil)
		v.Enable(s.enabled)
		deliver(s.rate)
		if got := shown(); got != s.want {
			t.Errorf("report %d, %+v: shown %t", i, s, got)
		}
	}
	v.Enable(true)
	for range 4 {
		deliver(3)
	}
	if table := statusText(t, n); !strings.Contains(table, "the camera gives 3.0 usable frames/s, and the model needs 8, or at least 4") {
		t.Errorf("the status does not say why: %s", table)
	}
}

func statusText(t *testing.T, n *Node) string {
	t.Helper()
	status, err := n.Telemetry().JSON()
	if err != nil {
		t.Fatal(err)
	}
	text, err := telemetry.StatusText(status)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func greyFrame(t *testing.T) capture.Frame {
	t.Helper()
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio422), nil); err != nil {
		t.Fatal(err)
	}
	return capture.Frame{Data: picture.Bytes(), Format: pixel.Format{FourCC: pixel.MJPEG, Width: 640, Height: 480}}
}
