package capture

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"edged/internal/backoff"
	"edged/internal/clock"
)

// Camera keeps a source running. Whenever the source ends, Camera opens it again after a pause. The pauses grow.
type Camera struct {
	Source Source
	Sink   Sink
	// OnStatus is called once for every change: online with the first picture after the source was opened, offline with the
	// reason when the source ends or cannot be opened. It is called again when a later attempt fails for another kind of reason,
	// twice in a row: a camera that was just plugged in denies permission for the moment that udev needs to set it. It is called
	// between frames and must not block. It may be nil.
	OnStatus func(online bool, reason error)
	// Camera reopens a source when, for BadAfter, no picture could be decoded, or when, for FrozenAfter, all pictures were the
	// same; 0 means never. It learns both from the Sink's findings. The camera is then offline until a picture decodes, or
	// differs. Until a frozen camera's picture differs, the Sink gets a few frames a second, each marked as Frozen.
	BadAfter    time.Duration
	FrozenAfter time.Duration

	Counters *Counters    // may be nil; the same as the source's
	Log      *slog.Logger // may be nil
}

// LongestPause is the longest pause before a source is opened again.
const LongestPause = 10 * time.Second

const (
	firstPause = 500 * time.Millisecond
	// devicePause is the longest pause before a device that gave no picture is opened again. The device may become free, or
	// answer again, without any sign of it, and an attempt costs almost nothing.
	devicePause = 2500 * time.Millisecond
	// healthyAfter is how long a source must have run, and have shown a picture, for the pauses to start small again. A camera that
	// fails after every first frame must not be opened twice a second for ever.
	healthyAfter = 10 * time.Second
	// lookInterval is how often, during a pause, Camera finds out whether something was plugged in.
	lookInterval = 500 * time.Millisecond
)

// local is a Source that is a device of this machine. Another attempt to open it is worth while when its State has changed; State
// costs little. Details are the device's settings, as slog's keys and values.
type local interface {
	State() string
	Details() []any
}

// status is what OnStatus last reported.
type status int

const (
	unknown status = iota
	online
	offline
)

// supervisor is the state of one Camera.Run.
type supervisor struct {
	*Camera
	status status
	kind   Failure // why it is offline
	last   Failure // why the source ended last
	scrutiny
	suspended time.Duration   // as of the last frame
	pauses    backoff.Backoff // before the next attempts
}

// Run runs the source until ctx ends, and returns the context's error, or until a file ends, and returns io.EOF.
func (c *Camera) Run(ctx context.Context) error {
	s := supervisor{Camera: c, pauses: backoff.Backoff{Min: firstPause, Max: LongestPause, Healthy: healthyAfter}}
	for {
		before := s.state()
		began := time.Now()
		if c.Counters != nil {
			c.Counters.Attempts.Add(1)
		}
		run, end := context.WithCancelCause(ctx)
		s.begin(end)
		err := c.Source.Run(run, s.deliver)
		if ctx.Err() != nil {
			end(nil)
			return ctx.Err()
		}
		if run.Err() != nil {
			err = context.Cause(run)
		}
		end(nil)
		if errors.Is(err, io.EOF) {
			if errors.As(err, new(damaged)) {
				s.log().Warn("end of a damaged file", "source", s.Source.String(), "error", err)
			}
			return io.EOF
		}
		s.noteFailure(err)
		if err := s.wait(ctx, s.nextPause(time.Since(began)), before); err != nil {
			return err
		}
	}
}

// deliver passes a frame on. The first picture after the source was opened brings the camera online.
func (s *supervisor) deliver(f *Frame) Finding {
	if s.skips() {
		return Finding{}
	}
	f.Restart, f.Frozen = s.noteSuspension() || f.Restart, s.frozen
	found := s.Sink(f)
	if shows := s.judge(found, s.BadAfter, s.FrozenAfter); shows && s.status != online {
		s.report()
	}
	return found
}

// report says that the camera is online.
func (s *supervisor) report() {
	s.status = online
	details := []any{"source", s.Source.String()}
	if source, ok := s.Source.(local); ok {
		details = append(details, source.Details()...)
	}
	s.log().Info("camera online", details...)
	if s.OnStatus != nil {
		s.OnStatus(true, nil)
	}
}

// suspended is clock.Suspended; a variable, for tests.
var suspended = clock.Suspended

// noteSuspension returns whether the machine was suspended since the last frame. Frame times do not show it.
func (s *supervisor) noteSuspension() bool {
	before := s.suspended
	s.suspended = suspended()
	return s.suspended-before > time.Second
}

// noteFailure takes into account that the source has ended with err.
func (s *supervisor) noteFailure(err error) {
	kind := FailureOf(err)
	if s.Counters != nil {
		s.Counters.Failed[kind].Add(1)
	}
	again := kind == s.last
	s.last = kind
	if s.status == offline && (kind == s.kind || !again) {
		s.log().Debug("camera still offline", "source", s.Source.String(), "reason", err)
		return
	}
	s.status, s.kind = offline, kind
	s.log().Warn("camera offline, edged will open it again", "source", s.Source.String(), "reason", err)
	if s.OnStatus != nil {
		s.OnStatus(false, err)
	}
}

// nextPause returns the pause after the source ran for so long, and makes the pause after that longer.
func (s *supervisor) nextPause(ran time.Duration) time.Duration {
	if !s.seen {
		ran = 0
	}
	pause := s.pauses.After(ran)
	if _, ok := s.Source.(local); ok && !s.seen {
		return min(pause, devicePause)
	}
	return pause
}

// wait pauses before the next attempt. Where the source's state has changed since before the attempt that failed, the pause ends
// early, and the next one will be short.
func (s *supervisor) wait(ctx context.Context, pause time.Duration, before string) error {
	over := time.NewTimer(pause)
	defer over.Stop()
	look := time.NewTicker(lookInterval)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over.C:
			return nil
		case <-look.C:
			if s.state() != before {
				s.pauses.Reset()
				return nil
			}
		}
	}
}

func (s *supervisor) state() string {
	if source, ok := s.Source.(local); ok {
		return source.State()
	}
	return ""
}

func (s *supervisor) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}
