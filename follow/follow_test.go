package follow

import (
	"bytes"
	"fmt"
	"os"
	"testing"
)

const testWidth, testHeight = 192, 144

func newFollower(t testing.TB, o Options) *Follower {
	t.Helper()
	if o.Width == 0 {
		o.Width, o.Height = testWidth, testHeight
	}
	if o.Frames == 0 {
		o.Frames = 16
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// album keeps the last 16 pictures, as the ring of a camera does.
type album struct {
	pictures [16][]byte
	n        int
}

func (a *album) add(rgb []byte) {
	a.n++
	a.pictures[a.n%16] = append(a.pictures[a.n%16][:0], rgb...)
}

func (a *album) picture(age int) []byte { return a.pictures[(a.n-age)%16] }

// watch shows n pictures and returns what was found in each.
func watch(f *Follower, s *scene, n int, paint func(tick int)) (found [][]Target) {
	for tick := range n {
		s.draw()
		if paint != nil {
			paint(tick)
		}
		f.Push(s.rgb)
		found = append(found, append([]Target(nil), f.Targets()...))
	}
	return found
}

func (t Target) pixels() box {
	return box{t.Box[0] * testWidth, t.Box[1] * testHeight, (t.Box[0] + t.Box[2]) * testWidth, (t.Box[1] + t.Box[3]) * testHeight}
}

// ids returns every target that was ever shown.
func ids(found [][]Target) map[uint64]int {
	seen := map[uint64]int{}
	for _, targets := range found {
		for _, t := range targets {
			seen[t.ID]++
		}
	}
	return seen
}

func TestSomeoneWhoWalksIsOneTarget(t *testing.T) {
	f, s := newFollower(t, Options{}), newScene(testWidth, testHeight, 1)
	watch(f, s, 20, nil)
	truth := make([]box, 60)
	found := watch(f, s, 60, func(tick int) { truth[tick] = s.person(10+3*float64(tick), 120, 50, 0, tick) })
	if seen := ids(found); len(seen) != 1 {
		t.Fatalf("targets %v, want one", seen)
	}
	shown, overlap := 0, 0.0
	for tick := 8; tick < 58; tick++ {
		if len(found[tick]) == 1 {
			shown++
			overlap += found[tick][0].pixels().overlap(truth[tick])
		}
	}
	if shown < 45 || overlap/float64(shown) < 0.6 {
		t.Errorf("shown in %d of 50 pictures, mean overlap %.2f; want 45 and 0.6", shown, overlap/float64(shown))
	}
}

func TestTwoWhoCrossKeepTheirTargets(t *testing.T) {
	f, s := newFollower(t, Options{}), newScene(testWidth, testHeight, 2)
	watch(f, s, 20, nil)
	right, left := make([]box, 60), make([]box, 60)
	found := watch(f, s, 60, func(tick int) {
		right[tick] = s.person(12+2.8*float64(tick), 116, 46, 2, tick)
		left[tick] = s.person(180-2.8*float64(tick), 122, 48, 0, tick)
	})
	early, late := nearest(found[20], right[20]), nearest(found[55], right[55])
	if early == 0 || early != late {
		t.Errorf("who goes right was target %d before they met and %d after", early, late)
	}
	if early, late := nearest(found[20], left[20]), nearest(found[55], left[55]); early == 0 || early != late {
		t.Errorf("who goes left was target %d before they met and %d after", early, late)
	}
}

// nearest returns the target whose box overlaps most, 0 if none does.
func nearest(targets []Target, b box) uint64 {
	best, id := 0.3, uint64(0)
	for _, t := range targets {
		if o := t.pixels().overlap(b); o > best {
			best, id = o, t.ID
		}
	}
	return id
}

func TestSomeoneWhoStopsStaysUntilTheSceneHasThemForGood(t *testing.T) {
	f, s := newFollower(t, Options{Still: 200}), newScene(testWidth, testHeight, 3)
	watch(f, s, 20, nil)
	where := func(tick int) float64 { return 10 + 3*float64(min(tick, 25)) }
	found := watch(f, s, 400, func(tick int) { s.person(where(tick), 120, 50, 0, min(tick, 25)) })
	if len(found[200]) != 1 {
		t.Errorf("%d targets %d pictures after the stop, want 1", len(found[200]), 175)
	}
	if len(found[399]) != 0 {
		t.Errorf("%d targets long after, want none: the person is a part of the scene now", len(found[399]))
	}
	if seen := ids(found); len(seen) != 1 {
		t.Errorf("targets %v, want one", seen)
	}
}

func TestNothingIsFollowedWhereSomethingLeft(t *testing.T) {
	f, s := newFollower(t, Options{}), newScene(testWidth, testHeight, 4)
	// The person is there from the first picture on, a part of the background, and then goes.
	found := watch(f, s, 90, func(tick int) {
		if x := 60 + 3*float64(max(tick-20, 0)); x < 190 {
			s.person(x, 120, 50, 0, max(tick-20, 0))
		}
	})
	for _, target := range found[89] {
		t.Errorf("target %d at %v, where someone stood before", target.ID, target.Box)
	}
}

func TestEmptyScenes(t *testing.T) {
	pictures := 1200
	if os.Getenv("EDGED_FOLLOW") == "long" {
		pictures = 8 * 60 * 60 // an hour
	}
	for _, c := range []struct {
		name  string
		paint func(s *scene, tick int)
		most  int // false targets that may come in an hour
	}{
		{"nothing", func(*scene, int) {}, 0},
		{"night noise", func(s *scene, _ int) { s.noise, s.gain = 14, 0.35 }, 0},
		{"rain", func(s *scene, _ int) {
			for range 60 {
				s.streak()
			}
		}, 1},
		{"leaves", func(s *scene, _ int) { s.leaves(box{20, 10, 90, 70}, 1) }, 1},
		{"clouds", func(s *scene, tick int) { s.cloud(float64(tick%400)-100, 50, 0.45) }, 1},
		{"automatic exposure", func(s *scene, tick int) { s.gain = 1 + 0.4*float64(tick/40%2)*min(float64(tick%40)/10, 1) }, 2},
		{"light switched", func(s *scene, tick int) { s.gain = []float64{1, 0.3}[tick/150%2] }, 0},
		{"shake of a pixel", func(s *scene, _ int) { s.shiftX = s.random.IntN(2) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, s := newFollower(t, Options{}), newScene(testWidth, testHeight, 5)
			seen := map[uint64]int{}
			for tick := range pictures {
				c.paint(s, tick) // sets what draw uses
				s.draw()
				c.paint(s, tick) // and draws over it
				f.Push(s.rgb)
				for _, target := range f.Targets() {
					seen[target.ID]++
				}
			}
			t.Logf("| %s | %d false targets in %.0f minutes |", c.name, len(seen), float64(pictures)/8/60)
			if len(seen) > c.most*pictures/(8*60*60) {
				t.Errorf("false targets in %d pictures: %v (id: pictures)", pictures, seen)
			}
		})
	}
}

func TestManyPeople(t *testing.T) {
	f, s := newFollower(t, Options{Width: 384, Height: 288, Max: 12}), newScene(384, 288, 6)
	watch(f, s, 20, nil)
	found := watch(f, s, 40, func(tick int) {
		for i := range 10 {
			x := 20 + float64(i%2)*170 + 4*float64(tick)
			s.person(x, 60+52*float64(i/2), 32, i, tick)
		}
	})
	if n := len(found[35]); n != 10 {
		t.Errorf("%d targets for ten people", n)
	}
}

func TestMovingCameraIsTold(t *testing.T) {
	f, s := newFollower(t, Options{}), newScene(testWidth, testHeight, 7)
	watch(f, s, 20, nil)
	watch(f, s, 60, func(tick int) { s.shiftX = 9 * tick % 97 })
	if !f.Moving() {
		t.Error("the camera moves, and Moving says no")
	}
	s.shiftX = 0
	watch(f, s, 200, nil)
	if f.Moving() {
		t.Error("the camera has stood still for long, and Moving says yes")
	}
}

func TestWindowShowsOneTarget(t *testing.T) {
	f, s := newFollower(t, Options{}), newScene(testWidth, testHeight, 8)
	watch(f, s, 20, nil)
	var dark box
	var kept album
	for tick := range 32 {
		s.draw()
		dark = s.person(40+2.5*float64(tick), 118, 46, 0, tick)
		s.person(70+2.5*float64(tick), 120, 46, 2, tick) // in white, ahead
		f.Push(s.rgb)
		kept.add(s.rgb)
	}
	id := nearest(f.Targets(), dark)
	if id == 0 || len(f.Targets()) != 2 {
		t.Fatalf("targets %v, want 2, one of them at %v", f.Targets(), dark)
	}
	frame := make([]byte, 96*96*3)
	var first []byte
	frames, white := 0, 0
	if !f.Window(id, frame, 96, kept.picture, func(rgb []byte) {
		frames++
		if first == nil {
			first = bytes.Clone(rgb)
		}
		for i := 0; i < len(rgb); i += 3 {
			if rgb[i] > 205 && rgb[i+1] > 205 && rgb[i+2] > 200 {
				white++
			}
		}
	}) {
		t.Fatal("no window for a target that is there")
	}
	if frames != 16 || bytes.Equal(first, frame) {
		t.Errorf("%d frames, all alike: %v", frames, bytes.Equal(first, frame))
	}
	if white > 16*20 {
		t.Errorf("%d white pixels: the other target was not painted over", white)
	}
	if f.Window(99, frame, 96, kept.picture, func([]byte) {}) {
		t.Error("a window for a target that does not exist")
	}
	if f.Window(id, frame, 96, func(int) []byte { return nil }, func([]byte) {}) {
		t.Error("a window without pictures")
	}
}

func TestSquareStandsStill(t *testing.T) {
	f, s := newFollower(t, Options{}), newScene(testWidth, testHeight, 9)
	watch(f, s, 20, nil)
	found := watch(f, s, 60, func(tick int) { s.person(10+1.2*float64(tick), 120, 40, 0, tick) })
	changes := 0
	for tick := 25; tick < 60; tick++ {
		if len(found[tick]) == 1 && len(found[tick-1]) == 1 && found[tick][0].Square != found[tick-1][0].Square {
			changes++
		}
	}
	if changes > 7 {
		t.Errorf("the square moved %d times in 35 pictures", changes)
	}
}

func TestForgetWipesEverything(t *testing.T) {
	f, s := newFollower(t, Options{}), newScene(testWidth, testHeight, 10)
	watch(f, s, 40, func(tick int) { s.person(30+2*float64(tick), 120, 50, 0, tick) })
	f.Forget()
	if len(f.Targets()) > 0 {
		t.Error("targets outlived Forget")
	}
	if len(bytes.Trim(f.scratch, "\x00")) > 0 {
		t.Fatal("a picture outlived Forget")
	}
	// What the finder keeps is C's: painting shows it.
	f.finder.paint(f.scratch, box{0, 0, testWidth, testHeight})
	if len(bytes.Trim(f.scratch, "\x00")) > 0 {
		t.Error("the background outlived Forget")
	}
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []Options{{Width: 31, Height: 100, Frames: 16}, {Width: 100, Height: 2000, Frames: 16}, {Width: 100, Height: 100}} {
		if f, err := New(o); err == nil {
			f.Close()
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestPushAllocatesNothing(t *testing.T) {
	f, s := newFollower(t, Options{}), newScene(testWidth, testHeight, 11)
	tick := 0
	frame := make([]byte, 96*96*3)
	kept := new(album)
	picture, push := kept.picture, func([]byte) {}
	step := func() {
		s.draw()
		s.person(20+float64(tick%140), 120, 50, 0, tick)
		tick++
		f.Push(s.rgb)
		kept.add(s.rgb)
		for _, target := range f.Targets() {
			f.Window(target.ID, frame, 96, picture, push)
		}
	}
	for range 300 {
		step()
	}
	if n := testing.AllocsPerRun(100, step); n > 0 {
		t.Errorf("%v allocations a picture", n)
	}
}

func BenchmarkPush(b *testing.B) {
	for _, people := range []int{0, 1, 4} {
		b.Run(fmt.Sprint(people, " people"), func(b *testing.B) {
			f, s := newFollower(b, Options{Width: 384, Height: 288}), newScene(384, 288, 12)
			pictures := make([][]byte, 64)
			for tick := range pictures {
				s.draw()
				for i := range people {
					s.person(20+5*float64(tick), 100+50*float64(i), 80, i, tick)
				}
				pictures[tick] = bytes.Clone(s.rgb)
			}
			b.ResetTimer()
			began := cpuTime()
			for i := range b.N {
				f.Push(pictures[i%len(pictures)])
			}
			b.ReportMetric(float64((cpuTime()-began).Microseconds())/1000/float64(b.N), "cpu-ms/picture")
		})
	}
}

func BenchmarkCut(b *testing.B) {
	s := newScene(384, 288, 13)
	s.draw()
	out := make([]byte, 96*96*3)
	for _, side := range []float64{40, 96, 180, 288} {
		b.Run(fmt.Sprint(side), func(b *testing.B) {
			for b.Loop() {
				cut(out, 96, s.rgb, 384, 288, box{0, 0, side, side})
			}
		})
	}
}
