package infer

import (
	"slices"
	"testing"
	"time"
)

// upperJudge knows one taught action: to be in the upper half of the picture.
type upperJudge struct{ lessons *Lessons }

func (j *upperJudge) Window(w *Window) (*Lessons, []float32) {
	if w.Track != 0 && w.Box[1]+w.Box[3]/2 < 0.5 {
		return j.lessons, []float32{0.9}
	}
	return j.lessons, []float32{0}
}

func (j *upperJudge) Still(time.Duration) (*Lessons, []float32) { return j.lessons, []float32{0} }
func (j *upperJudge) Gap()                                      {}

// Two people walk, and what was taught is true of one of them: its events name that target and its zones, and end with it.
func TestTaughtActionsBelongToOneTarget(t *testing.T) {
	p, _, show, events := targetsPipeline(t)
	p.Judge = &upperJudge{ringLessons(0.7)}
	p.Targets.Zones = halves()
	for tick := range 120 {
		step := float64(tick - 20)
		upper, lower := [2]float64{10 + 3*step, 60}, [2]float64{182 - 1.5*step, 130}
		switch {
		case step < 0:
			show(tick)
		case upper[0] < 200:
			show(tick, upper, lower)
		default: // the upper one has left
			show(tick, lower)
		}
	}
	own := map[string]uint64{} // the target of the model's own actions, by label
	var taught []Event
	for _, e := range *events {
		if e.Label == "ring" {
			taught = append(taught, e)
		} else if e.Phase == Start {
			own[e.Label] = e.Track
		}
	}
	if len(taught) != 2 || taught[0].Phase != Start || taught[1].Phase != End {
		t.Fatalf("%+v, want one start and one end of what was taught", taught)
	}
	if start := taught[0]; start.Track == 0 || start.Track != own["right"] || start.Track == own["left"] || start.Box[1] > 0.5 {
		t.Errorf("what was taught belongs to target %d at %v; who goes right is %d, who goes left %d", start.Track, start.Box, own["right"], own["left"])
	}
	if end := taught[1]; end.Track != taught[0].Track || !slices.Equal(end.StartZones, []string{"west"}) || !slices.Equal(end.Zones, []string{"east"}) {
		t.Errorf("it ends with target %d, from %v to %v", end.Track, end.StartZones, end.Zones)
	}
}
