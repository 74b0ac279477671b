package watch

import (
	"slices"
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

// A view of fewer pixels than the model's input is enlarged, and who walks through it is found.
func TestAViewSmallerThanTheModelIsFollowed(t *testing.T) {
	c := openViews(t, config.View{Name: "slit", Area: []float64{0.3, 0.6, 0.25, 0.25}, Follow: config.DefaultFollow}) // 80x60 of 320x240
	found := 0
	c.Views[0].Pipeline.OnEvent = func(infer.Event) {}
	c.Views[0].Pipeline.OnWindow = func(w *infer.Window) {
		if w.Track != 0 {
			found++
		}
	}
	for tick := range 95 {
		got := c.Frame(&capture.Frame{
			Data: street(tick), Format: pixel.Format{FourCC: pixel.Grey, Width: 320, Height: 240}, Time: time.Duration(tick) * time.Second / 8,
		})
		if got.Verdict != capture.Good {
			t.Fatalf("%+v", got)
		}
		if err := c.Views[0].Pipeline.Step(); err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Error("nobody was found in a view of 80x60 pixels")
	}
}

// A camera that changes its picture's size goes on to be followed: what moves in the new size is found after the background has been learned.
func TestFollowingGoesOnAfterAChangeOfSize(t *testing.T) {
	c := openViews(t, config.View{Name: "people", Follow: config.DefaultFollow})
	p := &c.Views[0].Pipeline
	p.OnEvent = func(infer.Event) {}
	before, after, size := 0, 0, 1
	p.OnWindow = func(w *infer.Window) {
		switch {
		case w.Track == 0:
		case size == 1:
			before++
		default:
			after++
		}
	}
	for ; size <= 2; size++ {
		for tick := range 95 {
			grey := enlarged(street(tick), 320, size)
			c.Frame(&capture.Frame{
				Data: grey, Format: pixel.Format{FourCC: pixel.Grey, Width: 320, Height: 240 * size}, Time: time.Duration(tick+100*(size-1)) * time.Second / 8,
			})
			if err := p.Step(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if before == 0 || after == 0 {
		t.Errorf("%d windows of targets before the change, %d after it", before, after)
	}
}

// enlarged repeats every line of a grey picture.
func enlarged(grey []byte, width, times int) (large []byte) {
	for line := range slices.Chunk(grey, width) {
		for range times {
			large = append(large, line...)
		}
	}
	return large
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
