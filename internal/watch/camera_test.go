package watch

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/infer/engine"
	"edged/internal/config"
	"edged/internal/testkit"
	"edged/models"
)

// openCamera returns a camera of the starter model, ready to step.
func openCamera(t *testing.T) *Camera {
	t.Helper()
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{Detect: config.Default().Detect}
	cam := config.Camera{Name: "test", StallAfter: 5 * time.Second}
	c, err := New(Options{Camera: cam, Views: Views(&cfg, cam, m), Detect: cfg.Detect, Model: m})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	e, err := OpenEngine(m, engine.Options{}, c.Views)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return c
}

// feeder delivers one JPEG over and over, 30 times a second.
type feeder struct {
	w     *Camera
	frame capture.Frame
	found capture.Finding // in the last frame
}

func newFeeder(t *testing.T, w *Camera) *feeder {
	t.Helper()
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio422), nil); err != nil {
		t.Fatal(err)
	}
	return &feeder{w: w, frame: capture.Frame{Data: picture.Bytes(), Format: pixel.Format{FourCC: pixel.MJPEG, Width: 640, Height: 480}}}
}

// deliver hands n frames over and lets the pipeline take each.
func (c *feeder) deliver(t *testing.T, n int) {
	t.Helper()
	for range n {
		c.found = c.w.Frame(&c.frame)
		c.frame.Time += time.Second / 30
		c.frame.Sequence++
		if err := c.w.Views[0].Pipeline.Step(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnlyFramesOnTheGridAreDecoded(t *testing.T) {
	w := openCamera(t)
	newFeeder(t, w).deliver(t, 300) // 10 s
	taken := w.Views[0].Pipeline.Stats.Frames.Load()
	if taken < 79 || taken > 81 || w.OffGrid.Load() != 300-taken {
		t.Errorf("%d frames decoded and %d given back, want about 80 of 300 at 8 a second", taken, w.OffGrid.Load())
	}
	if n := w.Views[0].Pipeline.Stats.Windows.Load(); n != (taken-16)/2+1 {
		t.Errorf("%d windows of %d frames at stride 2", n, taken)
	}
}

func TestCorruptFramesAreCountedAndSurvived(t *testing.T) {
	w := openCamera(t)
	c := newFeeder(t, w)
	whole := c.frame.Data
	for _, broken := range [][]byte{nil, {0xff, 0xd8}, whole[:len(whole)/2], bytes.Repeat([]byte{0xff}, 1000)} {
		w.sampler.Reset() // so that the frame lies on the grid
		before := w.Corrupt.Load()
		c.frame.Data = broken
		c.deliver(t, 1)
		if w.Corrupt.Load() != before+1 {
			t.Errorf("%d bytes of a broken JPEG were not counted", len(broken))
		}
	}
	c.frame.Data = whole
	c.deliver(t, 90)
	if w.Views[0].Pipeline.Stats.Windows.Load() == 0 {
		t.Error("no window after the camera recovered")
	}
}

// The pictures of a camera that has gone do not stay in memory until it comes back.
func TestPicturesOfAnAbsentCameraAreErased(t *testing.T) {
	w := openCamera(t)
	newFeeder(t, w).deliver(t, 90)
	w.SetStatus(false, errors.New("unplugged"))
	for range Slots(16) {
		slot := w.Ring.Reserve()
		if slot == nil {
			t.Fatal("no slot is free")
		}
		if i := slices.IndexFunc(slot, func(b byte) bool { return b != 0 }); i >= 0 {
			t.Fatalf("byte %d of a slot still shows something", i)
		}
		w.Ring.Commit(0, 0)
	}
}

// The model may be reading a picture in the moment in which the camera goes.
func TestAPictureThatIsReadIsErasedAMomentLater(t *testing.T) {
	w := openCamera(t)
	newFeeder(t, w).deliver(t, 90)
	newest, _ := w.Ring.Newest()
	_, slot, ok := w.Ring.Pin(newest)
	if !ok {
		t.Fatal("the newest picture is not there")
	}
	read := time.AfterFunc(3*wipeAgain, w.Ring.Unpin)
	defer read.Stop()
	w.SetStatus(false, errors.New("unplugged"))
	if slices.ContainsFunc(slot, func(b byte) bool { return b != 0 }) {
		t.Error("a picture stays")
	}
}

func TestNoWindowSpansAGap(t *testing.T) {
	for _, gap := range []struct {
		name string
		make func(*feeder)
	}{
		{"time goes backwards", func(c *feeder) { c.frame.Time -= time.Second }},
		{"a second without frames", func(c *feeder) { c.frame.Time += time.Second }},
		{"the camera was reopened", func(c *feeder) {
			c.w.SetStatus(false, errors.New("unplugged"))
			c.frame.Restart = true
			c.deliver(t, 1)
			c.frame.Restart = false
		}},
		{"a file begins anew", func(c *feeder) { c.frame.Restart = true; c.deliver(t, 1); c.frame.Restart = false }},
	} {
		t.Run(gap.name, func(t *testing.T) {
			w := openCamera(t)
			c := newFeeder(t, w)
			c.deliver(t, 60) // 16 frames at 8 a second take 57
			before := w.Views[0].Pipeline.Stats.Windows.Load()
			if before != 1 {
				t.Fatalf("%d windows before the gap, want 1", before)
			}
			gap.make(c)
			c.deliver(t, 55)
			if n := w.Views[0].Pipeline.Stats.Windows.Load(); n != before {
				t.Errorf("%d windows before the window was full again", n-before)
			}
			c.deliver(t, 4)
			if n := w.Views[0].Pipeline.Stats.Windows.Load(); n != before+1 {
				t.Errorf("%d windows once it was full again, want 1", n-before)
			}
			if n := w.Views[0].Pipeline.Stats.Gaps.Load(); n != 1 {
				t.Errorf("%d gaps counted, want 1", n)
			}
		})
	}
}

func TestNoAllocationPerFrameAndWindow(t *testing.T) {
	w := openCamera(t)
	c := newFeeder(t, w)
	c.deliver(t, 120)
	before := w.Views[0].Pipeline.Stats.Windows.Load()
	if n := testing.AllocsPerRun(20, func() { c.deliver(t, 30) }); n != 0 { // it rounds down: each run has several windows
		t.Errorf("%v allocations per 30 frames, want 0", n)
	}
	if w.Views[0].Pipeline.Stats.Windows.Load() == before {
		t.Error("no window was measured")
	}
}

// Of a frozen camera's frames it matters alone whether they are another picture: they are no gaps, one after the other.
func TestAFrozenCamerasFramesAreNotKept(t *testing.T) {
	w := openCamera(t)
	c := newFeeder(t, w)
	c.deliver(t, 60)
	next := w.Ring.Next()
	c.frame.Frozen = true
	for range 30 {
		c.deliver(t, 1)
		if c.found.Verdict != capture.Good {
			t.Fatal("a frame was not examined")
		}
	}
	if gaps := w.Views[0].Pipeline.Stats.Gaps.Load(); gaps != 0 || w.Ring.Next() != next {
		t.Errorf("%d gaps, %d frames kept", gaps, w.Ring.Next()-next)
	}
}

// With the last view switched off, nothing of what it saw is left.
func TestNothingSeenOutlivesTheLastView(t *testing.T) {
	w := openCamera(t)
	c := newFeeder(t, w)
	c.deliver(t, 300)
	w.Views[0].Enable(false)
	c.deliver(t, 1)
	for tick := range w.Ring.Slots() {
		slot := w.Ring.Reserve()
		if i := bytes.IndexFunc(slot, func(r rune) bool { return r != 0 }); i >= 0 {
			t.Errorf("slot %d of the ring has something at %d", tick, i)
		}
		w.Ring.Commit(int64(tick), 0)
	}
}

// A corrupt frame is logged at most once a minute, from the first frame of a file on: its time is 0.
func TestCorruptFramesAreLoggedOnceAMinute(t *testing.T) {
	var log testkit.Log
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	w := openCamera(t)
	c := newFeeder(t, w)
	c.frame.Data = c.frame.Data[:4]
	c.deliver(t, 30*61) // 61 s
	if n := strings.Count(log.String(), "frame dropped"); n != 2 {
		t.Errorf("%d lines in 61 s, want 2", n)
	}
}
