package watch

import (
	"time"

	"edged/capture"
)

// Progress is what a camera had done when it was last checked.
type Progress struct {
	frames, attempts, newestRead uint64
	moved                        time.Time // when there last was another frame, or another attempt to open the camera
}

// Patience is how long the camera may go without a frame or another attempt to open it. One attempt takes two stalls where a program
// begins a picture and then hangs, the first of them longer for some kinds of sources, and a little more until it is killed. Between two
// attempts there is a pause.
func (c *Camera) Patience() time.Duration {
	const kill = 2 * time.Second
	if c.online.Load() {
		return 2*c.stallAfter + kill
	}
	return 2*c.stallAfter + c.opens + kill + capture.LongestPause
}

// CheckProgress reports whether capture and pipelines have made progress since the check that left last, and updates last.
func (c *Camera) CheckProgress(last *Progress) bool {
	now := Progress{
		frames:     c.Counters.Frames.Load(),
		attempts:   c.Counters.Attempts.Load(),
		newestRead: c.newestRead(),
		moved:      time.Now(),
	}
	if now.attempts == last.attempts && now.frames == last.frames && !last.moved.IsZero() {
		now.moved = last.moved
	}
	captured := time.Since(now.moved) <= c.Patience()
	newest, filled := c.Ring.Newest()
	inferred := !filled || newest <= now.newestRead || now.newestRead != last.newestRead
	*last = now
	return captured && inferred
}

// newestRead is the number of the newest frame that every pipeline has read.
func (c *Camera) newestRead() uint64 {
	read := c.Views[0].Pipeline.Stats.Seen.Load()
	for _, v := range c.Views[1:] {
		read = min(read, v.Pipeline.Stats.Seen.Load())
	}
	return read
}
