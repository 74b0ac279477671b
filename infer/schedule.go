package infer

import "edged/ringbuffer"

// maxHold is how far the sampling grid may jump from one frame to the next, in ticks, with the missing ticks filled by
// the frame before them. One missing frame is a camera's hiccup; more is a stretch of time that nobody has seen.
const maxHold = 2

// schedule decides which frames make a window, and when one is due. It holds no pixels.
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

// follows says whether the frame continues the window, and after how many ticks without one.
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

// hold takes the last frame once more.
func (s *schedule) hold() { s.until-- }

// take takes the frame, which follows.
func (s *schedule) take(f ringbuffer.Frame) {
	s.any, s.last = true, f
	s.until--
}

// due says, once for each window, that there is one.
func (s *schedule) due() bool {
	if s.until > 0 {
		return false
	}
	s.until = s.stride
	return true
}

// empty begins a new window after a gap.
func (s *schedule) empty() { s.any, s.until = false, s.frames }
