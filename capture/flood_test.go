package capture

import (
	"errors"
	"testing"
	"time"

	"edged/capture/pixel"
	"edged/internal/testkit"
)

func TestFlood(t *testing.T) {
	for _, c := range []struct {
		name        string
		usual       float64
		rate, later float64 // frames a second, for two minutes and then
		burst       time.Duration
		floods      bool
	}{
		{"a fast camera", usualRate, 240, 240, 0, false},
		{"bursts of 1 s", usualRate, 30, 30, time.Second, false},
		{"a camera that is slow at night", usualRate, 5, 30, 0, false},
		{"duplicates from the beginning on", usualRate, 1300, 1300, 0, true},
		{"duplicates later", usualRate, 15, 1300, 0, true},
		{"duplicates later, on a slow machine", usualRate, 15, 90, 0, true},
		{"duplicates of a stream that says its rate", 15, 90, 90, 0, true},
	} {
		f := flood{usual: c.usual}
		var err error
		const change = 2 * time.Minute
		note := func(rate float64, from time.Duration) (ended time.Duration) {
			for _, now := range delivery(rate, c.burst, change) {
				if err = f.note(from + now); err != nil {
					return from + now
				}
			}
			return 0
		}
		ended := note(c.rate, 0)
		if err == nil {
			ended = note(c.later, change)
		}
		if errors.Is(err, errFlood) != c.floods {
			t.Errorf("%s: error %v", c.name, err)
		}
		if took := ended % change; took > 2*floodAfter+time.Second {
			t.Errorf("%s: ended after %v", c.name, took)
		}
	}
}

// Empty frames are no pictures. Too many of them are a flood all the same.
func TestEmptyFramesCountTowardsAFlood(t *testing.T) {
	d := handover{Command: &Command{Counters: new(Counters)}, flood: &flood{usual: usualRate}}
	before := *d.flood
	if err := d.handOver(nil, pixel.Format{}, 0); err != nil || *d.flood == before {
		t.Errorf("an empty frame is not counted (%v)", err)
	}
}

// A command that floods is ended, whatever it writes: its camera is offline, and says why.
func TestACommandThatFloodsIsEnded(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	for _, output := range []string{"-f mjpeg -", "-f yuv4mpegpipe -", "-c:v rawvideo -f matroska -"} {
		c := &Command{Line: "ffmpeg -nostdin -v error -f lavfi -i testsrc=s=64x48:r=15,format=yuv420p -t 100000 " + output}
		began := time.Now()
		err := c.Run(t.Context(), ignore)
		if !errors.Is(err, errFlood) || FailureOf(err) != OtherFailure {
			t.Errorf("%s: %v after %v", output, err, time.Since(began))
		}
	}
}
