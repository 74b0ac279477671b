package capture

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// delivery is when the frames of a camera with that rate arrive, where whoever delivers them collects them for so long.
func delivery(rate float64, burst time.Duration, lasts time.Duration) (arrivals []time.Duration) {
	random := rand.New(rand.NewPCG(1, 2))
	last := time.Duration(0)
	for n := int64(0); nth(n, rate) < lasts; n++ {
		taken := time.Second + nth(n, rate)
		at := taken
		if burst > 0 {
			at = (taken/burst + 1) * burst
		}
		at += time.Duration(random.Int64N(int64(5 * time.Millisecond)))
		last = max(at, last+50*time.Microsecond)
		arrivals = append(arrivals, last)
	}
	return arrivals
}

// Frames that come in bursts get even times, so that windows can be made of them; a few seconds after the first, and for good.
func TestBurstsAreSpacedEvenly(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{8, 12, 16, 29.97, 60} {
		for _, burst := range []time.Duration{100, 250, 500, 1000} {
			burst *= time.Millisecond
			if burst.Seconds()*rate < 1.5 {
				continue // one frame at a time
			}
			t.Run(fmt.Sprintf("%g frames a second, every %v", rate, burst), func(t *testing.T) {
				var log strings.Builder
				p := pacer{log: slog.New(slog.NewTextHandler(&log, nil))}
				sampler := NewSampler(8)
				restarts, grids, before, lastTick := 0, 0, time.Duration(0), int64(0)
				for _, now := range delivery(rate, burst, 30*time.Second) {
					at, restart := p.next(now)
					if restart {
						restarts++
						sampler.Reset()
					}
					if at > now {
						t.Fatalf("a frame that came at %v was taken at %v", now, at)
					}
					if now > 8*time.Second { // 1 s is when the first was taken
						interval := (at - before).Seconds() * rate
						if restart || interval < 0.6 || interval > 1.4 || now-at > 2*burst+200*time.Millisecond {
							t.Fatalf("at %v: %.2f of an interval after the frame before, %v before it came, restart %v", now, interval, now-at, restart)
						}
					}
					before = at
					if tick, take := sampler.Take(at); take {
						if tick == 0 {
							grids++
						} else if now > 8*time.Second && tick != lastTick+1 {
							t.Fatalf("at %v: tick %d after %d", now, tick, lastTick)
						}
						lastTick = tick
					}
				}
				if restarts > 1 || grids > 2 {
					t.Errorf("%d restarts, %d grids", restarts, grids)
				}
				if told := strings.Count(log.String(), "in bursts"); told != restarts {
					t.Errorf("%d restarts, log: %s", restarts, &log)
				}
				if burst >= 250*time.Millisecond && restarts == 0 {
					t.Error("not spaced")
				}
			})
		}
	}
}

// Where frames come one by one, their times are those of their arrival.
func TestASteadyStreamKeepsItsArrivalTimes(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{5, 15, 30, 60} {
		p := pacer{log: slog.New(slog.DiscardHandler)}
		for n, now := range delivery(rate, 0, 30*time.Second) {
			if n%100 == 99 {
				now += 100 * time.Millisecond // the machine was busy
			}
			if at, restart := p.next(now); at < now || at > now+110*time.Millisecond || restart {
				t.Fatalf("%g frames a second: a frame that came at %v got the time %v, restart %v", rate, now, at, restart)
			}
		}
	}
}

// A pause is never hidden between two evenly spaced frames: no window may contain the frames on both sides.
func TestAPauseIsNotSpacedAway(t *testing.T) {
	t.Parallel()
	for _, burst := range []time.Duration{0, 250 * time.Millisecond, time.Second} {
		for _, pause := range []time.Duration{3 * time.Second, time.Minute} {
			p := pacer{log: slog.New(slog.DiscardHandler)}
			var before, longest time.Duration
			restarted := false
			for n, now := range delivery(16, burst, 30*time.Second) {
				if n >= 16*20 {
					now += pause
				}
				at, restart := p.next(now)
				if now > 20*time.Second {
					restarted = restarted || restart
					longest = max(longest, at-before)
				}
				before = at
			}
			if !restarted && longest < pause*9/10 {
				t.Errorf("bursts every %v, a pause of %v: frames %v apart at most and no restart", burst, pause, longest)
			}
		}
	}
}

func TestPacerAllocatesNothing(t *testing.T) {
	p := pacer{log: slog.New(slog.DiscardHandler)}
	arrivals := delivery(16, time.Second, 30*time.Second)
	i := 0
	for ; i < 200; i++ {
		p.next(arrivals[i])
	}
	if n := testing.AllocsPerRun(100, func() { p.next(arrivals[i]); i++ }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
