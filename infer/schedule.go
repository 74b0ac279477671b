package infer

import "edged/ringbuffer"

// maxHold is the longest step on the sampling grid from one frame to the next, in ticks, that does not count as a gap.
// The frame before stands in for each missing tick. One missing frame is a camera's hiccup; more is time that nobody saw.
const maxHold = 2

// schedule decides which frames make a window and when a window is due. It holds no pixels.
type schedule struct {
	frames int // T
	stride int // ticks from one window to the next

	any   bool // a frame has come since the last gap
	until int  // ticks until the next window is due
	last  ringbuffer.Frame
}

func newSchedule(frames, stride int) *schedule {
	return &schedule{frames: frames, stride: stride, until: frames}
}

// follows reports whether the frame continues the window, and how many ticks without a frame lie before it.
func (s *schedule) follows(f ringbuffer.Frame) (missing int, ok bool) {
	if !s.any {
		return 0, true
	}
	jump := f.Tick - s.last.Tick
	if f.Epoch != s.last.Epoch || jump < 1 || jump > maxHold {
		return 0, false
	}
	return int(jump) - 1, true
}

// hold counts a tick for which the last frame stands in.
func (s *schedule) hold() { s.until-- }

// take counts a frame, which must follow the last one.
func (s *schedule) take(f ringbuffer.Frame) {
	s.any, s.last = true, f
	s.until--
}

// due reports whether a window ends with the last frame.
func (s *schedule) due() bool { return s.any && s.until <= 0 }

// skipStride makes the next window due one stride after the last frame.
func (s *schedule) skipStride() { s.until = s.stride }

// empty begins a new window after a gap.
func (s *schedule) empty() { s.any, s.until = false, s.frames }
