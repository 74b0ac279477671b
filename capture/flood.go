package capture

import (
	"errors"
	"fmt"
	"time"
)

var errFlood = errors.New("the command delivers frames faster than a camera")

const (
	// mostSpeed is how many times as fast as usual a stream may go for floodAfter: a network may deliver late what it held back.
	mostSpeed = 4
	// usualRate is the frames a second that are usual before any have come, and leastRate the fewest that are ever taken for usual.
	usualRate, leastRate = 75, 15
	// floodAfter is how long too many frames must come.
	floodAfter = 3 * time.Second
	// habit is over how many such stretches the usual rate is averaged.
	habit = 8
)

// flood ends a command that delivers far too many frames. One that fills a jump of its camera's clock with repeated frames would
// keep a processor busy for minutes, and the camera would seem to be online.
type flood struct {
	usual  float64 // frames a second
	since  time.Duration
	frames int
}

// newFlood makes the flood of a stream of pictures, whose own rate is the usual one where it says one.
func newFlood(pics pictures) *flood {
	if p, ok := pics.(*planes); ok && p.timed() {
		return &flood{usual: min(usualRate, p.rate)}
	}
	return &flood{usual: usualRate}
}

// note counts a frame that arrives now. Its error says that there are too many.
func (f *flood) note(now time.Duration) error {
	f.frames++
	lasted := now - f.since
	switch {
	case f.since == 0:
		f.since, f.frames = now, 0
		return nil
	case lasted < floodAfter:
		return nil
	}
	rate := float64(f.frames) / lasted.Seconds()
	if rate > mostSpeed*max(f.usual, leastRate) {
		return fmt.Errorf("%w: %.0f a second; give ffmpeg -re where it reads a file, and -fps_mode passthrough, without the filter fps, "+
			"where it repeats frames to fill a pause", errFlood, rate)
	}
	f.usual += (rate - f.usual) / habit
	f.since, f.frames = now, 0
	return nil
}
