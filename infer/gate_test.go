package infer

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"edged/internal/testkit"
)

// gateClip draws 96x96 pictures of a room with furniture and sensor noise, changed as the test asks.
type gateClip struct {
	random *rand.Rand
	room   []float64
	rgb    []byte
}

const gateSide = 96

func newGateClip() *gateClip {
	c := &gateClip{random: rand.New(rand.NewPCG(1, 2)), room: make([]float64, gateSide*gateSide), rgb: make([]byte, 3*gateSide*gateSide)}
	for y := range gateSide {
		for x := range gateSide {
			c.room[y*gateSide+x] = 90 + 50*math.Sin(float64(x)/7)*math.Cos(float64(y)/11) + 30*float64((x/24+y/17)%2)
		}
	}
	return c
}

// draw makes the frame of a picture whose values are the room's changed by paint, in sensor noise.
func (c *gateClip) draw(noise float64, paint func(x, y int, v float64) float64) []byte {
	for y := range gateSide {
		for x := range gateSide {
			v := c.room[y*gateSide+x]
			if paint != nil {
				v = paint(x, y, v)
			}
			for k := range 3 {
				c.rgb[3*(y*gateSide+x)+k] = byte(max(0, min(255, v+noise*c.random.NormFloat64())))
			}
		}
	}
	return c.rgb
}

// gateRun plays a clip at 8 frames a second through a gate whose model never sees an action, a window for every second frame,
// and returns which windows were open. A heartbeat never comes.
func gateRun(t *testing.T, seconds float64, frame func(c *gateClip, t float64) []byte) (open []bool) {
	t.Helper()
	g, err := NewGate(gateSide, gateSide, 16, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c := newGateClip()
	for n := range int(seconds * 8) {
		g.push(frame(c, float64(n)/8))
		if n < 15 || n%2 == 0 {
			continue
		}
		open = append(open, g.openAt(time.Duration(n)*time.Second/8))
		g.learn()
	}
	return open
}

// gateWindow is the number of the window whose newest frame comes at that second or just after.
func gateWindow(second float64) int { return int(math.Ceil((second*8 - 15) / 2)) }

func countOpen(open []bool) (n int) {
	for _, o := range open {
		if o {
			n++
		}
	}
	return n
}

// The gate must stay shut for everything that is no motion, apart from the time it may take to learn it.
func TestGateIsShutWithoutMotion(t *testing.T) {
	testkit.Slow(t)
	rain := func(c *gateClip, _ float64) []byte {
		drops := map[[2]int]bool{}
		for range 60 {
			x, y := c.random.IntN(gateSide), c.random.IntN(gateSide)
			for k := range 6 {
				drops[[2]int{x, y + k}] = true
			}
		}
		return c.draw(3, func(x, y int, v float64) float64 {
			if drops[[2]int{x, y}] {
				return v + 60
			}
			return v
		})
	}
	for _, c := range []struct {
		what  string
		learn float64 // seconds that it may take
		frame func(c *gateClip, t float64) []byte
	}{
		{"a still scene", 0, func(c *gateClip, _ float64) []byte { return c.draw(2, nil) }},
		{"a still scene at night, all noise", 0, func(c *gateClip, _ float64) []byte {
			return c.draw(12, func(_, _ int, v float64) float64 { return v / 5 })
		}},
		{"automatic exposure that hunts", 0, func(c *gateClip, t float64) []byte {
			gain := 1 + 0.3*math.Sin(t)
			return c.draw(2, func(_, _ int, v float64) float64 { return v * gain })
		}},
		{"dusk", 0, func(c *gateClip, t float64) []byte {
			return c.draw(2, func(_, _ int, v float64) float64 { return v * (1 - t/150) })
		}},
		{"rain", 30, rain},
	} {
		open := gateRun(t, 90, c.frame)
		settled := open[max(1, gateWindow(c.learn)):] // the first window is always looked at
		if n := countOpen(settled); n*50 > len(settled) {
			t.Errorf("%s: open for %d of %d windows, want none or nearly none", c.what, n, len(settled))
		}
	}
}

// A lamp that changes the shadows opens the gate while the window still holds dark frames, and no longer.
func TestGateShutsAfterALightWasSwitchedOn(t *testing.T) {
	open := gateRun(t, 30, func(c *gateClip, t float64) []byte {
		return c.draw(2, func(x, y int, v float64) float64 {
			if t < 10 {
				return v / 3
			}
			return v * (1 + 0.8*math.Exp(-float64((x-20)*(x-20)+(y-10)*(y-10))/800))
		})
	})
	if n := countOpen(open[1:gateWindow(10)]); n > 0 {
		t.Errorf("open for %d windows before the light", n)
	}
	if n := countOpen(open[gateWindow(10)+8:]); n > 0 {
		t.Errorf("open for %d windows once all frames are lit", n)
	}
}

// Motion must open the gate at once and keep it open until the window no longer holds it.
func TestGateOpensForMotion(t *testing.T) {
	box := func(cx, cy, half, contrast float64) func(x, y int, v float64) float64 {
		return func(x, y int, v float64) float64 {
			if math.Abs(float64(x)-cx) <= half && math.Abs(float64(y)-cy) <= half {
				return v + contrast
			}
			return v
		}
	}
	for _, m := range []struct {
		what  string
		paint func(s float64) func(x, y int, v float64) float64 // s seconds after the motion began; it lasts for 3
	}{
		{"a person far away crosses", func(s float64) func(x, y int, v float64) float64 { return box(96*s/3, 50, 3, 30) }},
		{"something large creeps", func(s float64) func(x, y int, v float64) float64 { return box(40+2*s, 50, 20, 25) }},
		{"something comes closer", func(s float64) func(x, y int, v float64) float64 { return box(48, 48, 4+4*s, -30) }},
		{"a hand waves", func(s float64) func(x, y int, v float64) float64 { return box(60+5*math.Sin(9*s), 30, 4, 40) }},
		{"something appears", func(float64) func(x, y int, v float64) float64 { return box(30, 60, 8, 40) }},
	} {
		for _, noise := range []float64{1, 4} {
			const begin, length = 12.0, 3.0
			open := gateRun(t, 25, func(c *gateClip, now float64) []byte {
				if now < begin {
					return c.draw(noise, nil)
				}
				return c.draw(noise, m.paint(min(now-begin, length)))
			})
			if n := countOpen(open[1:gateWindow(begin)]); n > 0 {
				t.Errorf("%s, noise %g: open for %d windows before", m.what, noise, n)
			}
			// Half a second to move at all; something that has appeared only stands there afterwards.
			during := open[gateWindow(begin+0.5):gateWindow(begin+1.5)]
			if n := countOpen(during); n != len(during) {
				t.Errorf("%s, noise %g: open for %d of %d windows", m.what, noise, n, len(during))
			}
			if n := countOpen(open[gateWindow(begin+length+2.5):]); n > 0 {
				t.Errorf("%s, noise %g: open for %d windows long after", m.what, noise, n)
			}
		}
	}
}

// The gate never learns from an action, however long it lasts.
func TestGateStaysOpenForALongAction(t *testing.T) {
	g, err := NewGate(gateSide, gateSide, 16, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c := newGateClip()
	for n := range 8 * 120 {
		s := float64(n) / 8
		g.push(c.draw(2, func(x, y int, v float64) float64 {
			if math.Abs(float64(x)-48-10*math.Sin(5*s)) < 8 && y > 30 && y < 60 {
				return v - 50
			}
			return v
		}))
		if n >= 15 && !g.openAt(time.Duration(n)*time.Second/8) {
			t.Fatalf("shut after %.1f s", s)
		}
	}
}

func TestGateHeartbeat(t *testing.T) {
	g, err := NewGate(gateSide, gateSide, 16, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c := newGateClip()
	looked := 0
	for n := range 8 * 61 {
		g.push(c.draw(1, nil))
		if n%2 == 0 && g.openAt(time.Duration(n)*time.Second/8) {
			looked++
		}
		g.learn()
	}
	if looked != 13 {
		t.Errorf("looked %d times in 60 s at a heartbeat of 5 s, want 13", looked)
	}
}

func TestGateDoesNotAllocate(t *testing.T) {
	g, err := NewGate(gateSide, gateSide, 16, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	rgb := newGateClip().draw(1, nil)
	at := time.Duration(0)
	if n := testing.AllocsPerRun(50, func() {
		at += time.Second / 8
		g.push(rgb)
		g.hold()
		g.openAt(at)
		g.learn()
	}); n != 0 {
		t.Errorf("%v allocations per frame and window", n)
	}
}

func TestGateRefusesWhatMakesNoSense(t *testing.T) {
	for _, c := range [][3]int{{11, 96, 16}, {96, 11, 16}, {96, 96, 1}} {
		if _, err := NewGate(c[0], c[1], c[2], time.Second); err == nil {
			t.Errorf("%v: no error", c)
		}
	}
	if _, err := NewGate(96, 96, 16, 0); err == nil {
		t.Error("a heartbeat of 0s: no error")
	}
	for _, size := range [][2]int{{13, 12}, {100, 37}, {224, 224}} { // cells of different sizes
		g, err := NewGate(size[0], size[1], 2, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		rgb := make([]byte, 3*size[0]*size[1])
		for i := range rgb {
			rgb[i] = 128
		}
		g.push(rgb)
		for i, mean := range g.cells[0] {
			if mean != 128 {
				t.Fatalf("%v: cell %d has mean %g, want 128", size, i, mean)
			}
		}
	}
}

func BenchmarkGate(b *testing.B) {
	g, err := NewGate(gateSide, gateSide, 16, time.Second)
	if err != nil {
		b.Fatal(err)
	}
	rgb := newGateClip().draw(1, nil)
	for b.Loop() {
		g.push(rgb)
		g.push(rgb)
		g.openAt(time.Second)
		g.learn()
	}
}

// After years without a gap the number of frames no longer fits an int of a 32-bit board.
func TestGateOutlivesAnInt(t *testing.T) {
	g, err := NewGate(gateSide, gateSide, 16, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c := newGateClip()
	g.n = math.MaxInt
	for range 16 {
		g.push(c.draw(0, nil))
		g.hold()
	}
	if g.measure(0); g.moving {
		t.Error("something moves in the same picture")
	}
}

// openAt measures the window that ends at t and reports whether the model runs on it, as a Pipeline does.
func (g *Gate) openAt(t time.Duration) bool {
	g.measure(t)
	if !g.open() {
		return false
	}
	g.noteRun()
	return true
}
