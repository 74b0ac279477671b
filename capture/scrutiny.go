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
	seen    bool                    // this life has shown something
	bad     bool                    // the last frame that was looked at could not be decoded
	good    time.Time               // when the last one that could came
	frozen  bool                    // a life has ended with this picture, and no other has come since
	digest  uint64                  // of the last picture
	changed time.Time               // since when it is the same
}

func (s *scrutiny) begin(end context.CancelCauseFunc) {
	now := time.Now()
	*s = scrutiny{end: end, good: now, frozen: s.frozen, digest: s.digest, changed: now}
}

// judge ends the life of a camera that has sent nothing of use for too long. It returns whether the camera shows something.
func (s *scrutiny) judge(f *Frame, badAfter, frozenAfter time.Duration) bool {
	now := time.Now()
	switch f.Verdict {
	case Bad:
		s.bad = true
		if badAfter > 0 && now.Sub(s.good) >= badAfter {
			s.end(fmt.Errorf("capture: %w for %v", errUndecodable, badAfter))
		}
	case Good:
		s.bad, s.good = false, now
		if f.Digest == 0 || f.Digest != s.digest {
			s.frozen, s.digest, s.changed = false, f.Digest, now
		}
		if frozenAfter > 0 && now.Sub(s.changed) >= frozenAfter {
			s.frozen = true
			s.end(fmt.Errorf("capture: %w, for %v", errFrozen, frozenAfter))
		}
	}
	shows := !s.bad && !s.frozen
	s.seen = s.seen || shows
	return shows
}
