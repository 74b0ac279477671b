package capture

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

// frames of a stream: their own times and when they arrive.
type arrival struct{ own, at time.Duration }

// deliveredStream is a camera with that rate, whose own clock is at begin at first and goes by speed, delivered in bursts.
func deliveredStream(rate float64, begin time.Duration, speed float64, burst, lasts time.Duration) (frames []arrival) {
	for n, at := range delivery(rate, burst, lasts) {
		frames = append(frames, arrival{begin + time.Duration(float64(nth(int64(n), rate))*speed), at})
	}
	return frames
}

// A stream's own times keep the frames' distances, in bursts too. Where its clock jumps, one frame restarts the windows.
func TestStreamClock(t *testing.T) {
	t.Parallel()
	shifted := func(frames []arrival, from, own, at time.Duration) []arrival {
		for i := range frames {
			if frames[i].at >= from {
				frames[i].own += own
				frames[i].at += at
			}
		}
		return frames
	}
	for _, c := range []struct {
		name     string
		frames   []arrival
		restarts int
		useless  bool
	}{
		{"evenly", deliveredStream(25, 0, 1, 0, time.Minute), 0, false},
		{"from anywhere on", deliveredStream(25, 95443*time.Second, 1, 0, time.Minute), 0, false},
		{"in bursts of 1 s", deliveredStream(16, 0, 1, time.Second, time.Minute), 0, false},
		{"a fast clock", deliveredStream(25, 0, 1.001, 0, 10*time.Minute), 0, false},
		{"a slow clock", deliveredStream(25, 0, 0.999, 0, 10*time.Minute), 0, false},
		{"an hour ahead", shifted(deliveredStream(25, 0, 1, 0, time.Minute), 30*time.Second, time.Hour, 0), 1, false},
		{"an hour back", shifted(deliveredStream(25, 2*time.Hour, 1, 0, time.Minute), 30*time.Second, -time.Hour, 0), 1, false},
		{"a pause of both clocks", shifted(deliveredStream(25, 0, 1, 0, time.Minute), 30*time.Second, time.Minute, time.Minute), 0, false},
		{"a pause of which the stream knows nothing", shifted(deliveredStream(25, 0, 1, 0, time.Minute), 30*time.Second, 0, time.Minute), 1, false},
		{"twice as fast as life", deliveredStream(25, 0, 2, 0, time.Minute), mostJumps, true},
		{"a clock that stands", deliveredStream(25, 0, 0.001, 0, time.Minute), 1, true},
	} {
		var log strings.Builder
		clock := newStreamClock(true, slog.New(slog.NewTextHandler(&log, nil)))
		var restarts int
		var before arrival
		var last time.Duration
		for n, f := range c.frames {
			at, restart := clock.next(f.own, f.at)
			if at > f.at+streamAhead || at < f.at-streamBehind {
				t.Fatalf("%s: a frame that came at %v was taken at %v", c.name, f.at, at)
			}
			if restart {
				restarts++
			} else if d := at - last - (f.own - before.own); n > 0 && !clock.useless && d.Abs() > 2*time.Millisecond {
				t.Fatalf("%s: at %v: %v between two frames, %v in the stream", c.name, f.at, at-last, f.own-before.own)
			}
			before, last = f, at
		}
		if restarts != c.restarts || clock.useless != c.useless {
			t.Errorf("%s: %d restarts, given up: %v; want %d, %v\n%s", c.name, restarts, clock.useless, c.restarts, c.useless, &log)
		}
		if late := c.frames[len(c.frames)-1].at - last; !c.useless && (late < -200*time.Millisecond || late > 1200*time.Millisecond) {
			t.Errorf("%s: in the end %v behind", c.name, late)
		}
	}
}

func TestStreamClockAllocatesNothing(t *testing.T) {
	c := newStreamClock(true, slog.New(slog.DiscardHandler))
	now := time.Duration(0)
	if n := testing.AllocsPerRun(1000, func() { now += 40 * time.Millisecond; c.next(now, now+time.Second) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
