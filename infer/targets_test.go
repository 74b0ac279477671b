package infer

import (
	"math"
	"slices"
	"testing"
	"time"

	"edged/follow"
	"edged/follow/zones"
	"edged/ringbuffer"
)

// motionClip is a model that knows one action: something moves to the right. It measures how far the dark pixels go from the first frame of the
// window to the last.
type motionClip struct {
	first, last float64
	frames      int
}

func (c *motionClip) Push(rgb []byte) {
	sum, n := 0.0, 0.0
	for i := 0; i < len(rgb); i += 3 {
		if rgb[i] < 60 {
			sum, n = sum+float64(i/3%32), n+1
		}
	}
	at := math.NaN()
	if n > 0 {
		at = sum / n
	}
	if c.frames%16 == 0 {
		c.first = at
	}
	c.last = at
	c.frames++
}

func (c *motionClip) Hold()         {}
func (c *motionClip) Clear()        {}
func (c *motionClip) Invoke() error { return nil }
func (c *motionClip) Scores(dst []float32) {
	dst[0], dst[1] = 0, 0
	if c.last > c.first+2 {
		dst[0] = 0.9
	}
	if c.last < c.first-2 {
		dst[1] = 0.9
	}
}

const sceneWidth, sceneHeight = 192, 144

// targetsPipeline is a Pipeline that follows, and a function that shows it the next picture.
func targetsPipeline(t testing.TB) (p *Pipeline, ring *ringbuffer.Ring, show func(tick int, people ...[2]float64), events *[]Event) {
	t.Helper()
	d, err := NewDecider([]string{"right", "left"}, DeciderOptions{
		Rule: Rule{Thresholds: Thresholds{Enter: 0.6, Exit: 0.4}}, Smoothing: time.Second / 4, Interval: time.Second / 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	events = new([]Event)
	ring = ringbuffer.New(20, PictureBytes)
	p = &Pipeline{
		Ring: ring, Clip: new(motionClip), Decider: d, Frames: 16, Stride: 2, OnEvent: func(e Event) { *events = append(*events, e) },
		Targets: &Targets{Options: follow.Options{Max: 4}, Side: 32},
	}
	t.Cleanup(p.Finish)
	show = func(tick int, people ...[2]float64) {
		rgb := SetPicture(ring.Reserve(), sceneWidth, sceneHeight)
		drawScene(rgb, people)
		ring.Commit(int64(tick), at(tick))
		if err := p.Step(); err != nil {
			t.Fatal(err)
		}
	}
	return p, ring, show, events
}

func at(tick int) time.Duration { return time.Duration(tick) * time.Second / 8 }

// drawScene draws a bright wall with a pattern, and dark people whose feet are at x, y.
func drawScene(rgb []byte, people [][2]float64) {
	for y := range sceneHeight {
		for x := range sceneWidth {
			v := byte(150 + (x*7+y*13)%23 + 30*((x/16+y/16)%2))
			for _, p := range people {
				dx, dy := (float64(x)-p[0])/7, (float64(y)-p[1]+22)/22
				if dx*dx+dy*dy < 1 {
					v = byte(20 + (x+2*y)%20)
				}
			}
			i := 3 * (y*sceneWidth + x)
			rgb[i], rgb[i+1], rgb[i+2] = v, v, v
		}
	}
}

func TestEachTargetHasActionsOfItsOwn(t *testing.T) {
	p, _, show, events := targetsPipeline(t)
	for tick := range 70 {
		if tick < 20 {
			show(tick)
			continue
		}
		step := float64(tick - 20)
		show(tick, [2]float64{10 + 3*step, 60}, [2]float64{182 - 3*step, 130})
	}
	starts := map[string]Event{}
	for _, e := range *events {
		if e.Phase == Start {
			starts[e.Label] = e
		}
	}
	right, left := starts["right"], starts["left"]
	if right.Track == 0 || left.Track == 0 || right.Track == left.Track || right.ID == left.ID {
		t.Fatalf("right: %+v\nleft: %+v\nwant an action of each of two targets", right, left)
	}
	if middle := right.Box[1] + right.Box[3]/2; middle > 0.5 {
		t.Errorf("who goes right is in the upper half; box %v", right.Box)
	}
	if middle := left.Box[1] + left.Box[3]/2; middle < 0.5 {
		t.Errorf("who goes left is in the lower half; box %v", left.Box)
	}
	if p.Stats.Windows.Load() == 0 || p.Stats.Gated.Load() == 0 {
		t.Errorf("%d windows, %d gated: want both, for the scene is empty at first", p.Stats.Windows.Load(), p.Stats.Gated.Load())
	}
}

// crossing shows somebody who comes in at that tick, goes from left to right, and leaves.
func crossing(show func(tick int, at ...[2]float64), comes int) {
	for tick := range 110 {
		x := 10 + 3*float64(tick-comes)
		if tick < comes || x > 200 {
			show(tick)
			continue
		}
		show(tick, [2]float64{x, 100})
	}
}

func TestActionsEndWithTheirTarget(t *testing.T) {
	_, _, show, events := targetsPipeline(t)
	crossing(show, 20)
	mustStartAndEnd(t, *events)
	e := (*events)[len(*events)-1]
	if e.StartBox[0] >= e.Box[0] || e.PeakBox == [4]float64{} {
		t.Errorf("boxes at the start %v, the peak %v, the end %v: want a way to the right", e.StartBox, e.PeakBox, e.Box)
	}
}

func TestAGapEndsTheActionsOfTargets(t *testing.T) {
	_, ring, show, events := targetsPipeline(t)
	for tick := range 50 {
		if tick < 20 {
			show(tick)
			continue
		}
		show(tick, [2]float64{10 + 3*float64(tick-20), 100})
	}
	ring.Reset()
	show(1000)
	mustStartAndEnd(t, *events)
}

func mustStartAndEnd(t *testing.T, events []Event) {
	t.Helper()
	if len(events) != 2 || events[0].Phase != Start || events[1].Phase != End || events[0].ID != events[1].ID {
		t.Fatalf("events %+v, want the start and the end of one action", events)
	}
}

func TestThresholdsHoldForEveryTarget(t *testing.T) {
	p, _, show, events := targetsPipeline(t)
	if err := p.Decider.SetThresholds("right", Thresholds{Enter: 0.99, Exit: 0.9}); err != nil {
		t.Fatal(err)
	}
	for tick := range 60 {
		if tick < 20 {
			show(tick)
			continue
		}
		show(tick, [2]float64{10 + 3*float64(tick-20), 100})
	}
	if len(*events) > 0 {
		t.Errorf("events %+v above a threshold that no score reaches", *events)
	}
}

func TestPicturesMayChangeTheirSize(t *testing.T) {
	p, ring, show, _ := targetsPipeline(t)
	for tick := range 30 {
		show(tick)
	}
	ring.Reset()
	for tick := range 30 {
		clear(SetPicture(ring.Reserve(), 96, 128))
		ring.Commit(int64(tick), at(tick))
		if err := p.Step(); err != nil {
			t.Fatal(err)
		}
	}
	if w, h := MiddleSize(1920, 1080); w != 384 || h != 216 {
		t.Errorf("a picture of 1920x1080 is followed at %dx%d, want 384x216", w, h)
	}
}

// A camera that is turned gives pictures of another size without a gap, even while windows wait for the model.
func TestAnotherSizeWhileWindowsWait(t *testing.T) {
	p, ring, show, events := targetsPipeline(t)
	tick := 0
	two := func() [][2]float64 {
		step := float64(tick % 50)
		return [][2]float64{{10 + 3*step, 60}, {182 - 3*step, 130}}
	}
	for tick = range 40 {
		show(tick, two()...)
	}
	// Without Step: the windows of both targets wait.
	for !p.due || p.Targets.waiting() && len(p.Targets.due) < 2 {
		tick++
		drawScene(SetPicture(ring.Reserve(), sceneWidth, sceneHeight), two())
		ring.Commit(int64(tick), at(tick))
		if err := p.advance(); err != nil {
			t.Fatal(err)
		}
	}
	highest := p.Targets.follower.NextID()
	tick++
	clear(SetPicture(ring.Reserve(), sceneHeight, sceneWidth))
	ring.Commit(int64(tick), at(tick))
	if err := p.Step(); err != nil {
		t.Fatal(err)
	}
	if open := map[uint64]int{}; true {
		for _, e := range *events {
			open[e.ID] += map[Phase]int{Start: 1, End: -1}[e.Phase]
		}
		for id, n := range open {
			if n != 0 {
				t.Errorf("action %d goes on", id)
			}
		}
	}
	if first := p.Targets.follower.NextID(); first < highest {
		t.Errorf("the next target is %d; there was one of %d already", first, highest-1)
	}
	for range 60 {
		tick++
		show(tick, two()...)
	}
	if next := p.Targets.follower.NextID(); next <= highest {
		t.Errorf("the next target is %d after new ones came", next)
	}
}

// Where the model has no time for all targets, those that have waited longest come first.
func TestEveryTargetGetsItsTurn(t *testing.T) {
	p, _, show, _ := targetsPipeline(t)
	for tick := range 40 {
		step := float64(tick)
		show(tick, [2]float64{20 + 2*step, 60}, [2]float64{172 - 2*step, 130})
	}
	judged, due := map[uint64]int{}, map[uint64]int{}
	p.OnWindow = func(w *Window) { judged[w.Track]++ }
	for tick := 40; tick < 60; tick++ {
		rgb := SetPicture(p.Ring.Reserve(), sceneWidth, sceneHeight)
		step := float64(tick)
		drawScene(rgb, [][2]float64{{20 + 2*step, 60}, {172 - 2*step, 130}})
		p.Ring.Commit(int64(tick), at(tick))
		if err := p.advance(); err != nil {
			t.Fatal(err)
		}
		if tick%2 == 0 && p.due { // time for one of two
			for _, target := range p.Targets.due {
				due[target.ID]++
			}
			if err := p.run(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for id, n := range due {
		if n >= 4 && judged[id] < 2 {
			t.Errorf("target %d had %d windows, and the model saw %d of them; all: %v", id, n, judged[id], judged)
		}
	}
	if len(due) < 2 {
		t.Errorf("windows by target: %v, want two targets", due)
	}
}

func TestAMovingCameraIsJudgedAsAWhole(t *testing.T) {
	p, ring, _, _ := targetsPipeline(t)
	var whole bool
	p.OnWindow = func(w *Window) { whole = whole || w.Track == 0 && w.Box == [4]float64{0, 0, 1, 1} }
	show := func(tick, shift int) {
		rgb := SetPicture(ring.Reserve(), sceneWidth, sceneHeight)
		for i := range rgb {
			x, y := i/3%sceneWidth+shift, i/3/sceneWidth
			rgb[i] = byte(60 + 120*((x/16+y/16)%2))
		}
		ring.Commit(int64(tick), at(tick))
		if err := p.Step(); err != nil {
			t.Fatal(err)
		}
	}
	for tick := range 30 {
		show(tick, 0)
	}
	if whole || p.Targets.Moving() {
		t.Fatal("the camera stands still, and the whole picture was judged")
	}
	for tick := 30; tick < 90; tick++ {
		show(tick, 9*(tick-30))
	}
	if !whole || !p.Targets.Moving() {
		t.Errorf("the camera moves: whole picture judged %v, told %v", whole, p.Targets.Moving())
	}
	for tick := 90; tick < 250; tick++ {
		show(tick, 540)
	}
	if p.Targets.Moving() {
		t.Error("the camera stands still again, and Moving says it moves")
	}
}

func TestFollowingAllocatesNothing(t *testing.T) {
	_, show, events, visits := zonedPipeline(t)
	tick := 0
	people := make([][2]float64, 2)
	step := func() {
		x := 10 + 2*float64(tick%90)
		people[0], people[1] = [2]float64{x, 60}, [2]float64{190 - x, 130}
		show(tick, people...)
		*events, *visits = (*events)[:0], (*visits)[:0]
		tick++
	}
	for range 400 {
		step()
	}
	if n := testing.AllocsPerRun(2, func() { // it rounds down: each run has many pictures
		for range 100 {
			step()
		}
	}); n > 5 { // a new target may need room
		t.Errorf("%v allocations per 100 pictures", n)
	}
}

// halves are zones on the left and on the right half of the picture.
func halves() *zones.Zones {
	return zones.New(map[string][][]float64{
		"west": {{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}, "east": {{0.5, 0}, {1, 0}, {1, 1}, {0.5, 1}},
	}, [4]float64{0, 0, 1, 1})
}

// zonedPipeline is targetsPipeline with these zones. It returns the visits, too.
func zonedPipeline(t testing.TB) (ring *ringbuffer.Ring, show func(tick int, people ...[2]float64), events *[]Event, visits *[]zones.Visit) {
	t.Helper()
	p, ring, show, events := targetsPipeline(t)
	visits = new([]zones.Visit)
	p.Targets.Zones = halves()
	p.Targets.OnVisit = func(v zones.Visit) { *visits = append(*visits, v) }
	return ring, show, events, visits
}

func TestEventsSayInWhichZones(t *testing.T) {
	_, show, events, visits := zonedPipeline(t)
	crossing(show, 20)
	mustStartAndEnd(t, *events)
	start, end := (*events)[0], (*events)[len(*events)-1]
	if !slices.Equal(start.StartZones, []string{"west"}) || !slices.Equal(end.Zones, []string{"east"}) || !slices.Equal(end.StartZones, []string{"west"}) {
		t.Errorf("start in %v, end in %v", start.StartZones, end.Zones)
	}
	var got []string
	for _, v := range *visits {
		got = append(got, string(v.Phase)+" "+v.Zone)
		if v.Track != end.Track {
			t.Errorf("%+v is of another target than %d", v, end.Track)
		}
	}
	if want := []string{"enter west", "enter east", "leave west", "leave east"}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	// At 3 pixels a tick the way of 86 pixels takes 3.6 s, and at first the target may be noise.
	if west := (*visits)[2].Dwell(); west < 2500*time.Millisecond || west > 4*time.Second {
		t.Errorf("%v in the west, want about 3 s", west)
	}
}

func TestAGapEndsVisits(t *testing.T) {
	ring, show, _, visits := zonedPipeline(t)
	for tick := range 50 {
		show(tick)
	}
	for tick := range 12 {
		show(50+tick, [2]float64{30 + 3*float64(tick), 100})
	}
	if len(*visits) != 1 || (*visits)[0].Phase != zones.Enter {
		t.Fatalf("%v, want one that came", *visits)
	}
	ring.Reset()
	show(0)
	if n := len(*visits); n != 2 || (*visits)[n-1].Phase != zones.Leave {
		t.Errorf("%v, want that it left", *visits)
	}
}
