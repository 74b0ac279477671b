package watch

import (
	"testing"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/config"
	"edged/models"
)

// openViews returns a camera with these views, ready to step.
func openViews(t *testing.T, views ...config.View) *Camera {
	t.Helper()
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{Detect: config.Default().Detect}
	cam := config.Camera{Name: "test", StallAfter: 5 * time.Second, Views: views}
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

// street is a grey picture of 320x240 with a checked pattern, through which somebody walks to the right in the lower half.
func street(tick int) []byte {
	const width, height = 320, 240
	grey := make([]byte, width*height)
	for i := range grey {
		x, y := i%width, i/width
		grey[i] = byte(120 + 40*((x/20+y/20)%2) + (x*7+y*13)%11)
		dx, dy := float64(x)-float64(10+4*(tick-20)), float64(y)-180
		if tick >= 20 && dx*dx/100+dy*dy/1600 < 1 {
			grey[i] = byte(20 + (x+2*y)%20)
		}
	}
	return grey
}

func TestAFollowingViewSaysWhoAndWhereBesideAPlainOne(t *testing.T) {
	c := openViews(t, config.View{Name: "all"}, config.View{Name: "people", Follow: config.DefaultFollow})
	var events []infer.Event
	c.Views[1].Pipeline.OnEvent = func(e infer.Event) { events = append(events, e) }
	for tick := range 95 {
		found := c.Frame(&capture.Frame{
			Data: street(tick), Format: pixel.Format{FourCC: pixel.Grey, Width: 320, Height: 240}, Time: time.Duration(tick) * time.Second / 8,
		})
		if found.Verdict != capture.Good {
			t.Fatalf("picture %d: %+v", tick, found)
		}
		for _, v := range c.Views {
			if err := v.Pipeline.Step(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(events) == 0 || events[0].Label != "left_to_right" || events[0].Track == 0 {
		t.Fatalf("events %+v, want left_to_right of a target", events)
	}
	if y := events[0].Box[1] + events[0].Box[3]/2; y < 0.6 || y > 0.9 {
		t.Errorf("the box %v is not where the person is", events[0].Box)
	}
	if n := c.Views[0].Pipeline.Stats.Windows.Load(); n == 0 {
		t.Error("the plain view has no windows")
	}
}

func TestPicturesOfAnySizeAreFollowed(t *testing.T) {
	c := openViews(t, config.View{Name: "people", Follow: config.DefaultFollow})
	c.Views[0].Pipeline.OnEvent = func(infer.Event) {}
	for i, size := range [][2]int{{640, 480}, {1920, 1080}, {240, 320}, {16, 16}, {4000, 16}} {
		found := c.Frame(&capture.Frame{
			Data: make([]byte, size[0]*size[1]), Format: pixel.Format{FourCC: pixel.Grey, Width: size[0], Height: size[1]},
			Time: time.Duration(i) * time.Second, Restart: true,
		})
		if found.Verdict != capture.Good {
			t.Errorf("%v: %+v", size, found)
		}
		if err := c.Views[0].Pipeline.Step(); err != nil {
			t.Errorf("%v: %v", size, err)
		}
	}
}
