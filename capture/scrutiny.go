package capture

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	errUndecodable = errors.New("frames arrive, but none can be decoded")
	errFrozen      = errors.New("the camera is frozen")
)

// scrutiny judges by what a camera's frames show whether the camera works. Some cameras stream and show nothing.
type scrutiny struct {
	end      context.CancelCauseFunc // of the source's present run
	seen     bool                    // this run has shown something
	bad      bool                    // the last examined frame could not be decoded
	since    time.Time               // when the first of such frames in a row came
	examined time.Time               // when the last frame was examined
	frozen   bool                    // a run has ended because of this picture, and no other picture has come since
	digest   uint64                  // of the last picture
	changed  time.Time               // when the picture changed last
}

// begin prepares for another run of the source, which end ends.
func (s *scrutiny) begin(end context.CancelCauseFunc) {
	now := time.Now()
	*s = scrutiny{end: end, frozen: s.frozen, digest: s.digest, changed: now}
}

const (
	// rowEnds is how long without an examined frame ends a row of frames that could not be decoded. The frames that nobody examined
	// may have been good.
	rowEnds = 5 * time.Second
	// frozenInterval is the time between two examined frames of a frozen camera.
	frozenInterval = 200 * time.Millisecond
)

// skips says whether the Sink can do without the next frame.
func (s *scrutiny) skips() bool { return s.frozen && time.Since(s.examined) < frozenInterval }

// judge takes a finding into account. It ends the run of a camera that has sent nothing of use for too long. It returns whether the
// camera shows something.
func (s *scrutiny) judge(found Finding, badAfter, frozenAfter time.Duration) bool {
	now := time.Now()
	switch found.Verdict {
	case Bad, Unsupported:
		if !s.bad || now.Sub(s.examined) >= rowEnds {
			s.since = now
		}
		s.bad, s.examined = true, now
		if badAfter > 0 && now.Sub(s.since) >= badAfter {
			s.end(fmt.Errorf("capture: %w for %v", errUndecodable, badAfter))
		}
	case Good:
		s.bad, s.examined = false, now
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
