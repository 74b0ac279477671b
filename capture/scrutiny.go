package capture

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	errUndecodable = errors.New("frames come, but none can be decoded")
	errFrozen      = errors.New("the same picture again and again: the camera hangs")
)

// scrutiny looks at what a camera's frames show, for a camera that streams and yet does not work.
type scrutiny struct {
	end     context.CancelCauseFunc // of this life
	bad     bool                    // the last frame that was looked at could not be decoded
	good    time.Time               // when the last one that could came
	digest  uint64                  // of the last picture
	changed time.Time               // since when it is the same
}

func (s *scrutiny) begin(end context.CancelCauseFunc) {
	now := time.Now()
	*s = scrutiny{end: end, good: now, changed: now}
}

// judge ends the life of a camera that has sent nothing of use for too long.
func (s *scrutiny) judge(f *Frame, badAfter, frozenAfter time.Duration) {
	if f.Verdict == Unseen {
		return
	}
	now := time.Now()
	s.bad = f.Verdict == Bad
	if s.bad {
		if badAfter > 0 && now.Sub(s.good) >= badAfter {
			s.end(fmt.Errorf("capture: %w for %v", errUndecodable, badAfter))
		}
		return
	}
	s.good = now
	if f.Digest == 0 || f.Digest != s.digest || f.Restart {
		s.digest, s.changed = f.Digest, now
	}
	if frozenAfter > 0 && now.Sub(s.changed) >= frozenAfter {
		s.end(fmt.Errorf("capture: %w, for %v", errFrozen, frozenAfter))
	}
}
