package capture

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	errUndecodable = errors.New("frames come, but none can be decoded")
	errFrozen      = errors.New("the camera hangs")
)

// scrutiny looks at what a camera's frames show, for a camera that streams and yet does not work.
type scrutiny struct {
	end     context.CancelCauseFunc // of this life
	seen    bool                    // this life has shown something
	bad     bool                    // the last frame that was looked at could not be decoded
	since   time.Time               // when the first such in a row came
	looked  time.Time               // when a frame was looked at last
	frozen  bool                    // a life has ended with this picture, and no other has come since
	digest  uint64                  // of the last picture
	changed time.Time               // since when it is the same
}

func (s *scrutiny) begin(end context.CancelCauseFunc) {
	now := time.Now()
	*s = scrutiny{end: end, frozen: s.frozen, digest: s.digest, changed: now}
}

const (
	// unwatched is how long without a look ends a row of frames that could not be decoded: what nobody saw may have been good.
	unwatched = 5 * time.Second
	// frozenLook is the time between two looks at a camera whose picture has not changed.
	frozenLook = 200 * time.Millisecond
)

// spares says whether the next frame need not be looked at.
func (s *scrutiny) spares() bool { return s.frozen && time.Since(s.looked) < frozenLook }

// judge ends the life of a camera that has sent nothing of use for too long. It returns whether the camera shows something.
func (s *scrutiny) judge(found Finding, badAfter, frozenAfter time.Duration) bool {
	now := time.Now()
	switch found.Verdict {
	case Bad, Unsupported:
		if !s.bad || now.Sub(s.looked) >= unwatched {
			s.since = now
		}
		s.bad, s.looked = true, now
		if badAfter > 0 && now.Sub(s.since) >= badAfter {
			s.end(fmt.Errorf("capture: %w for %v", errUndecodable, badAfter))
		}
	case Good:
		s.bad, s.looked = false, now
		if found.Digest == 0 || found.Digest != s.digest {
			s.frozen, s.digest, s.changed = false, found.Digest, now
		}
		if frozenAfter > 0 && now.Sub(s.changed) >= frozenAfter {
			s.frozen = true
			s.end(fmt.Errorf("capture: %w: the same picture for %v", errFrozen, frozenAfter))
		}
	}
	shows := !s.bad && !s.frozen
	s.seen = s.seen || shows
	return shows
}
