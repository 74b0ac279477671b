package follow_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/config"
	"edged/internal/watch"
	"edged/models"
)

// fixed is a view that somebody could have configured by hand, and what the model said of it.
type fixed struct {
	area    []float64 // x, y, width, height, 0 to 1 of the picture
	actions []span
}

// span is an action of a whole view.
type span struct {
	label    string
	from, to float64 // frames of the video
}

// TestFixedViewsOfRealFootage compares following with views that stand still: the whole picture, grids, and the best ones that somebody who knows the
// labels could choose among many squares. With EDGED_FOLLOW=long; it runs the model 16,000 times.
func TestFixedViewsOfRealFootage(t *testing.T) {
	if os.Getenv("EDGED_FOLLOW") != "long" {
		t.Skip("EDGED_FOLLOW=long runs this comparison")
	}
	people, walks := readPeople(t), readWalks(t)
	for _, grid := range [][2]int{{1, 1}, {2, 1}, {2, 2}, {3, 2}, {4, 3}} {
		var views []fixed
		for i := range grid[0] * grid[1] {
			w, h := 1/float64(grid[0]), 1/float64(grid[1])
			views = append(views, fixed{area: []float64{float64(i%grid[0]) * w, float64(i/grid[0]) * h, w, h}})
		}
		watchFixed(t, views)
		t.Log(tableRow(fmt.Sprintf("%d views, %dx%d", len(views), grid[0], grid[1]), people, walks, views))
	}
	pool := squares()
	for some := range slices.Chunk(pool, 20) {
		watchFixed(t, some)
	}
	for _, n := range []int{1, 2, 4, 8} {
		t.Log(tableRow(fmt.Sprintf("the best %d of %d squares", n, len(pool)), people, walks, best(pool, n, people, walks)))
	}
}

// squares are candidates for views: three sizes, the larger two at places that overlap by half.
func squares() (views []fixed) {
	for _, height := range []float64{0.25, 0.4, 0.6} {
		width, step := height*3/4, 0.5
		if height < 0.3 {
			step = 1
		}
		for y := 0.0; y+height <= 1.001; y += height * step {
			for x := 0.0; x+width <= 1.001; x += width * step {
				views = append(views, fixed{area: []float64{x, y, min(width, 1-x), min(height, 1-y)}})
			}
		}
	}
	return views
}

// best chooses views one after the other, each time the one that adds most.
func best(pool []fixed, n int, people map[string][]keyframe, walks []walk) (chosen []fixed) {
	for range n {
		top, at := -1<<30, 0
		for i, v := range pool {
			right, wrong := judgeFixed(people, walks, append(slices.Clip(chosen), v))
			if worth := right - wrong; worth > top {
				top, at = worth, i
			}
		}
		chosen = append(chosen, pool[at])
	}
	return chosen
}

func tableRow(name string, people map[string][]keyframe, walks []walk, views []fixed) string {
	right, wrong := judgeFixed(people, walks, views)
	events, nobody := 0, 0
	for _, v := range views {
		for _, s := range v.actions {
			events++
			if !slices.ContainsFunc(walks, func(w walk) bool { return w.label == s.label && inView(people, w, v, s) > 0 }) {
				nobody++
			}
		}
	}
	return fmt.Sprintf("| %s | %d of %d walks right | %d wrong | %d events, %d of nobody who goes that way |", name, right, len(walks), wrong, events, nobody)
}

// judgeFixed counts walks that some view reports with the right direction, and walks that only get the wrong one.
func judgeFixed(people map[string][]keyframe, walks []walk, views []fixed) (right, wrong int) {
	for _, w := range walks {
		good, bad := false, false
		for _, v := range views {
			for _, s := range v.actions {
				if n := inView(people, w, v, s); n > 0 {
					good, bad = good || s.label == w.label, bad || s.label != w.label && n > 10
				}
			}
		}
		switch {
		case good:
			right++
		case bad:
			wrong++
		}
	}
	return right, wrong
}

// inView is for how many frames of the action the walker is in the view.
func inView(people map[string][]keyframe, w walk, v fixed, s span) (frames int) {
	for frame := max(w.from, s.from); frame <= min(w.to, s.to); frame++ {
		b := at(people[w.person], frame)
		x, y := b[0]+b[2]/2, b[1]+b[3]/2
		if x >= v.area[0] && x < v.area[0]+v.area[2] && y >= v.area[1] && y < v.area[1]+v.area[3] {
			frames++
		}
	}
	return frames
}

// watchFixed runs the whole pipeline on the views, and notes their actions that are directions.
func watchFixed(t *testing.T, views []fixed) {
	t.Helper()
	const width, height = 768, 576
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{Detect: config.Default().Detect}
	cam := config.Camera{Name: "walk", StallAfter: 5 * time.Second, MotionGate: new(bool)}
	for i, v := range views {
		cam.Views = append(cam.Views, config.View{Name: fmt.Sprint("v", i), Area: v.area})
	}
	c, err := watch.New(watch.Options{Camera: cam, Views: watch.Views(&cfg, cam, m), Detect: cfg.Detect, Model: m})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	e, err := watch.OpenEngine(m, engine.Options{}, c.Views)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for i, v := range c.Views {
		v.Pipeline.OnEvent = func(e infer.Event) {
			if e.Phase == infer.End && strings.Contains(e.Label, "_to_") {
				views[i].actions = append(views[i].actions, span{e.Label, e.Start.Seconds() * labelledRate, e.End.Seconds() * labelledRate})
			}
		}
	}
	tick := 0
	eachPicture(t, width, height, func(rgb []byte) {
		c.Frame(&capture.Frame{
			Data: rgb, Format: pixel.Format{FourCC: pixel.RGB24, Width: width, Height: height}, Time: time.Duration(tick) * time.Second / sampledRate,
		})
		for _, v := range c.Views {
			if err := v.Pipeline.Step(); err != nil {
				t.Fatal(err)
			}
		}
		tick++
	})
	for _, v := range c.Views {
		v.Pipeline.Finish()
	}
}
