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
	if table := statusText(t, n); !strings.Contains(table, "the camera gives 3.0 frames/s, and the model needs 8, or at least 4") {
		t.Errorf("the status does not say why: %s", table)
	}
}

// The reason is the true one: a camera whose frames are many enough, but have gaps or do not decode, needs no more light.
func TestWhyAViewHasNoWindows(t *testing.T) {
	for _, c := range []struct {
		name  string
		frame func(n int, f *capture.Frame) // changes frame n of 16 a second
		want  string
	}{
		{"one second in two is missing", func(n int, f *capture.Frame) {
			f.Time += time.Duration(n/16) * time.Second
		}, "frames/s come, and the model needs 8, but they leave gaps"},
		{"two in three are damaged", func(n int, f *capture.Frame) {
			if n%3 != 0 {
				f.Data = f.Data[:4]
			}
		}, "cannot be decoded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNode(t, "cameras: [{name: gate, source: 'pattern:'}]")
			e, err := watch.OpenEngine(n.Model, engine.Options{}, n.Views)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			camera, whole := n.Cameras[0], greyFrame(t)
			camera.SetStatus(true, nil)
			for i := range 16 * 80 {
				frame := whole
				frame.Time = time.Duration(i) * time.Second / 16
				c.frame(i, &frame)
				camera.Frame(&frame)
				if err := n.Views[0].Pipeline.Step(); err != nil {
					t.Fatal(err)
				}
				if i%160 == 0 {
					camera.Measure(frame.Time)
				}
			}
			if err := n.Views[0].Problem(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "light") {
				t.Errorf("problem %v, want one with %q and nothing of light", err, c.want)
			}
		})
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
