package capture

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// camera makes the times of n frames at fps, each shifted by up to jitter, without those for which lost says so.
func camera(n int, fps float64, jitter time.Duration, lost func(i int) bool) []time.Duration {
	random := rand.New(rand.NewPCG(1, 2))
	var times []time.Duration
	for i := range n {
		t := 5*time.Hour + time.Duration(float64(i)/fps*float64(time.Second))
		if jitter > 0 {
			t += time.Duration(random.Int64N(int64(2*jitter))) - jitter
		}
		if lost == nil || !lost(i) {
			times = append(times, t)
		}
	}
	return times
}

type taken struct {
	tick  int64
	time  time.Duration
	frame int
}

func sample(s *Sampler, times []time.Duration) []taken {
	var out []taken
	for i, t := range times {
		if tick, take := s.Take(t); take {
			out = append(out, taken{tick, t, i})
		}
	}
	return out
}

func TestSampler(t *testing.T) {
	const rate = 8.0
	for _, c := range []struct {
		name  string
		times []time.Duration
		// share of the grid's ticks that must get a frame, and how far from its tick a frame may be
		least, most float64
		off         time.Duration
	}{
		{"30 fps", camera(3000, 30, 0, nil), 1, 1, 17 * time.Millisecond},
		{"30 fps, jitter", camera(3000, 30, 5*time.Millisecond, nil), 1, 1, 27 * time.Millisecond},
		{"29.97 fps", camera(3000, 30000.0/1001, 0, nil), 1, 1, 17 * time.Millisecond},
		{"10 fps", camera(3000, 10, 0, nil), 1, 1, 51 * time.Millisecond},
		{"8 fps", camera(3000, 8, 0, nil), 1, 1, 0},
		{"8 fps, jitter", camera(3000, 8, 20*time.Millisecond, nil), 1, 1, 41 * time.Millisecond},
		// A little slow: one tick in 160 goes without. A little fast: every tick is served.
		{"7.95 fps, jitter", camera(3000, 7.95, 20*time.Millisecond, nil), 0.99, 0.995, 130 * time.Millisecond},
		{"8.05 fps, jitter", camera(3000, 8.05, 20*time.Millisecond, nil), 0.998, 1, 130 * time.Millisecond},
		{"5 fps", camera(3000, 5, 0, nil), 0.62, 0.63, 101 * time.Millisecond},
		{"30 fps, every 7th lost", camera(3000, 30, 0, func(i int) bool { return i%7 == 3 }), 1, 1, 42 * time.Millisecond},
		{"30 fps, a second lost", camera(3000, 30, 0, func(i int) bool { return i > 500 && i < 530 }), 0.98, 0.995, 63 * time.Millisecond},
	} {
		got := sample(NewSampler(rate), c.times)
		first, last := c.times[0], c.times[len(c.times)-1]
		ticks := math.Floor((last-first).Seconds()*rate+1e-6) + 1
		if share := float64(len(got)) / ticks; share < c.least || share > c.most+1/ticks {
			t.Errorf("%s: %d frames for %v ticks (%.3f), want %v to %v", c.name, len(got), ticks, share, c.least, c.most)
		}
		for i, g := range got {
			due := first + time.Duration(float64(g.tick)/rate*float64(time.Second))
			if off := (g.time - due).Abs(); off > c.off {
				t.Errorf("%s: frame %d is %v off tick %d", c.name, g.frame, off, g.tick)
				break
			}
			if i > 0 && g.tick <= got[i-1].tick {
				t.Errorf("%s: tick %d after %d", c.name, g.tick, got[i-1].tick)
				break
			}
		}
	}
}

func TestSamplerTakesEveryFrameOfASlowCamera(t *testing.T) {
	times := camera(100, 5, 0, nil)
	got := sample(NewSampler(8), times)
	if len(got) != len(times) {
		t.Fatalf("%d of %d frames taken", len(got), len(times))
	}
	for i, want := range []int64{0, 2, 3, 5, 6, 8, 10, 11, 13} { // 200 ms are 1.6 ticks
		if got[i].tick != want {
			t.Errorf("frame %d: tick %d, want %d", i, got[i].tick, want)
		}
	}
}

func TestSamplerNearTheGridsRateDoesNotFlutter(t *testing.T) {
	// 7.95 fps against 8: the drift passes the middle between two ticks once in 20 s. Only there may a tick be skipped, and no
	// frame may be dropped.
	times := camera(3200, 7.95, 20*time.Millisecond, nil)
	got := sample(NewSampler(8), times)
	if len(got) != len(times) {
		t.Errorf("%d of %d frames taken", len(got), len(times))
	}
}

func TestSamplerBackwards(t *testing.T) {
	s := NewSampler(8)
	if got := sample(s, camera(30, 30, 0, nil)); got[len(got)-1].tick == 0 {
		t.Fatal("the grid never advanced")
	}
	tick, take := s.Take(time.Second)
	if !take || tick != 0 {
		t.Fatalf("time went backwards: tick %d, take %v; want a new grid", tick, take)
	}
	if tick, take = s.Take(time.Second + 125*time.Millisecond); !take || tick != 1 {
		t.Fatalf("next: tick %d, take %v; want tick 1", tick, take)
	}
}

func TestSamplerSameTimeTwice(t *testing.T) {
	s := NewSampler(8)
	s.Take(time.Second)
	if _, take := s.Take(time.Second); take {
		t.Error("a frame with the time of the one before was taken")
	}
}

// Whatever the times, ticks rise, except that 0 starts a new grid.
func TestSamplerTicksRise(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		s := NewSampler(0.1 + 100*random.Float64())
		now, last := time.Duration(random.Int64()), int64(-1)
		for range 500 {
			step := time.Duration(random.ExpFloat64() * float64(50*time.Millisecond))
			if random.IntN(50) == 0 {
				step = -step * 20
			}
			now += step
			tick, take := s.Take(now)
			if !take {
				continue
			}
			if tick != 0 && tick <= last {
				t.Fatalf("tick %d after %d", tick, last)
			}
			last = tick
		}
	}
}

func TestSamplerAllocatesNothing(t *testing.T) {
	s, now := NewSampler(8), time.Duration(0)
	if n := testing.AllocsPerRun(100, func() {
		for range 10 { // some are taken, some are not
			now += 33 * time.Millisecond
			s.Take(now)
		}
	}); n != 0 {
		t.Errorf("%v allocations per 10 frames, want 0", n)
	}
}

func TestNewSamplerRefuses(t *testing.T) {
	for _, rate := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("rate %v was taken", rate)
				}
			}()
			NewSampler(rate)
		}()
	}
}
