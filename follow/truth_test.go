package follow

import (
	"fmt"
	"os"
	"testing"

	"edged/internal/testkit"
)

// drama is a drawn scene whose truth is known: paint draws the picture of that tick and returns who is where.
type drama struct {
	name  string
	ticks int
	light func(s *scene, tick int)       // sets what the empty place looks like; nil: as always
	paint func(s *scene, tick int) []box // by actor; an empty box: not there
	// The worst that the test accepts.
	overlap  float64 // mean intersection over union
	found    float64 // share of the boxes that a target has
	switches int     // times that an actor's target becomes another one
	nobody   int     // targets that are nobody
}

const dramaWidth, dramaHeight = 384, 288

// walker draws a person of 40 pixels who has walked from x0 for this many ticks, and is not there before tick 0 nor outside of the picture.
func (s *scene) walker(x0, y, speed float64, tick, look int) box {
	x := x0 + speed*float64(tick)
	if tick < 0 || x < -10 || x > dramaWidth+10 {
		return box{}
	}
	return s.person(x, y, 40, look, tick)
}

// cat draws an animal that is longer than it is high.
func (s *scene) cat(x, y float64, step int) box {
	if x < -15 || x > dramaWidth+15 {
		return box{}
	}
	fur := [3]float64{35, 30, 30}
	s.ellipse(x, y-9, 11, 5, fur)
	s.ellipse(x+11, y-13, 4, 4, fur)
	for _, leg := range []float64{-8, -4, 5, 9} {
		s.ellipse(x+leg+float64(step%3-1), y-3, 1.5, 3.5, fur)
	}
	return box{x - 11, y - 17, x + 15, y}
}

func dramas() []drama {
	return []drama{
		{name: "one person", ticks: 125, paint: func(s *scene, tick int) []box {
			return []box{s.walker(-8, 130, 3.2, tick, 0)}
		}, overlap: 0.8, found: 0.92},
		{name: "two who cross", ticks: 125, paint: func(s *scene, tick int) []box {
			return []box{s.walker(-8, 120, 3.2, tick, 0), s.walker(392, 128, -3.2, tick, 2)}
		}, overlap: 0.8, found: 0.9},
		{name: "one who stops for ten seconds", ticks: 200, paint: func(s *scene, tick int) []box {
			walked := tick
			if tick > 60 {
				walked = max(60, tick-80)
			}
			return []box{s.walker(-8, 130, 3.2, walked, 0)}
		}, overlap: 0.8, found: 0.93},
		{name: "light switched", ticks: 125, light: func(s *scene, tick int) {
			if tick >= 60 {
				s.gain = 0.45
			}
		}, paint: func(s *scene, tick int) []box {
			return []box{s.walker(-8, 130, 3.2, tick, 2)}
		}, overlap: 0.8, found: 0.85, switches: 1},
		{name: "shake of a pixel", ticks: 125, light: func(s *scene, _ int) { s.shiftX = s.random.IntN(2) }, paint: func(s *scene, tick int) []box {
			return []box{s.walker(-8, 130, 3.2, tick, 0)}
		}, overlap: 0.8, found: 0.92},
		{name: "rain", ticks: 125, paint: func(s *scene, tick int) []box {
			b := s.walker(-8, 130, 3.2, tick, 0)
			for range 40 {
				s.streak()
			}
			return []box{b}
		}, overlap: 0.75, found: 0.9, switches: 1},
		{name: "a cat and a person", ticks: 125, paint: func(s *scene, tick int) []box {
			return []box{s.walker(-8, 110, 3.2, tick, 0), s.cat(398-3.6*float64(tick), 150, tick)}
		}, overlap: 0.75, found: 0.92},
		{name: "a coat as bright as the wall", ticks: 125, paint: func(s *scene, tick int) []box {
			return []box{s.walker(-8, 130, 3.2, tick, 1)}
		}, overlap: 0.3, found: 0.2, switches: 2, nobody: 1},
		{name: "ten people", ticks: 130, paint: func(s *scene, tick int) (at []box) {
			for i := range 10 {
				x, speed := -8.0, 3.4
				if i%2 == 1 {
					x, speed = 392, -3.4
				}
				at = append(at, s.walker(x, 60+float64(i/2)*52, speed, tick-3*(i/2), 2*i))
			}
			return at
		}, overlap: 0.8, found: 0.85, switches: 2},
	}
}

// score is how well the targets agree with the truth.
type score struct {
	boxes, found     int
	overlap          float64 // sum over the boxes that were found
	switches, nobody int     // see drama
}

func (r *score) add(b score) {
	r.boxes, r.found, r.overlap = r.boxes+b.boxes, r.found+b.found, r.overlap+b.overlap
	r.switches, r.nobody = r.switches+b.switches, r.nobody+b.nobody
}

// play follows the scene and compares each picture with the truth.
func play(t *testing.T, d drama, seed uint64) (result score) {
	t.Helper()
	f, s := newFollower(t, Options{Width: dramaWidth, Height: dramaHeight, Max: 12}), newScene(dramaWidth, dramaHeight, seed)
	watch(f, s, 20, nil)
	c := cast{map[int]uint64{}, map[uint64]bool{}, map[uint64]bool{}}
	for tick := range d.ticks {
		if d.light != nil {
			d.light(s, tick)
		}
		s.draw()
		truth := d.paint(s, tick)
		f.Push(s.rgb)
		result.compare(c, truth, f.Targets())
	}
	for id := range c.nobody {
		if !c.somebody[id] {
			result.nobody++
		}
	}
	return result
}

const (
	// isFound is the overlap from which a box is taken for the actor's.
	isFound = 0.3
	// isWhole is the part of an actor that must be in the picture.
	isWhole = 0.9
)

// cast is who is who: the target of each actor, and the targets that were somebody, or nobody, at some time.
type cast struct {
	of       map[int]uint64
	somebody map[uint64]bool
	nobody   map[uint64]bool
}

// compare notes which target each actor has.
func (r *score) compare(c cast, truth []box, targets []Target) {
	frame := box{0, 0, dramaWidth, dramaHeight}
	taken := map[uint64]bool{}
	for actor, b := range truth {
		if b.area() == 0 || b.coverage(frame) < isWhole {
			continue
		}
		r.boxes++
		overlap, id := c.target(actor, b, targets)
		if overlap < isFound {
			continue
		}
		r.found++
		r.overlap += overlap
		if before := c.of[actor]; before != 0 && before != id {
			r.switches++
		}
		taken[id], c.somebody[id], c.of[actor] = true, true, id
	}
	for _, target := range targets {
		if !taken[target.ID] {
			c.nobody[target.ID] = true
		}
	}
}

// target returns the actor's target: the one of the picture before, as long as it is still there, else the one that overlaps most.
func (c cast) target(actor int, b box, targets []Target) (overlap float64, id uint64) {
	for _, target := range targets {
		o := b.overlap(dramaPixels(target.Box))
		if target.ID == c.of[actor] && o >= isFound {
			return o, target.ID
		}
		if o > overlap {
			overlap, id = o, target.ID
		}
	}
	return overlap, id
}

func dramaPixels(b [4]float64) box {
	return box{b[0] * dramaWidth, b[1] * dramaHeight, (b[0] + b[2]) * dramaWidth, (b[1] + b[3]) * dramaHeight}
}

// TestDrawnScenes prints a table of scenes with a known truth. With EDGED_FOLLOW=long it draws each of them six times, with other noise.
func TestDrawnScenes(t *testing.T) {
	testkit.Slow(t)
	seeds := uint64(1)
	if os.Getenv("EDGED_FOLLOW") == "long" {
		seeds = 6
	}
	for _, d := range dramas() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			var sum score
			for seed := range seeds {
				r := play(t, d, seed+1)
				sum.add(r)
				mean, found := r.overlap/float64(max(r.found, 1)), float64(r.found)/float64(max(r.boxes, 1))
				if mean < d.overlap || found < d.found || r.switches > d.switches || r.nobody > d.nobody {
					t.Errorf("seed %d: overlap %.2f, found %.2f, %d switches, %d false targets; want %.2f, %.2f, %d, %d",
						seed+1, mean, found, r.switches, r.nobody, d.overlap, d.found, d.switches, d.nobody)
				}
			}
			t.Log(row(d.name, seeds, sum))
		})
	}
}

// row is a line of the table in docs/following.md.
func row(name string, seeds uint64, s score) string {
	return fmt.Sprintf("| %s | %d | %.2f | %.0f %% | %d | %d |", name, seeds, s.overlap/float64(max(s.found, 1)),
		100*float64(s.found)/float64(max(s.boxes, 1)), s.switches, s.nobody)
}
