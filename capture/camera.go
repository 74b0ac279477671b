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

// Camera keeps a source running: it opens it again, with growing pauses, whenever it ends.
type Camera struct {
	Source Source
	Sink   Sink
	// OnStatus is told of every change, once: online with the first picture of a life, offline with the reason when one ends
	// or none begins, and again where the reason becomes one of another kind and stays it: a camera that was just plugged in
	// denies permission until udev has set it. It is called between frames and must not block. May be nil.
	OnStatus func(online bool, reason error)
	// BadAfter and FrozenAfter end a life in which no picture could be decoded, or in which all were the same, for that long;
	// 0 = never. They rest on what the Sink says of the frames. After such a life the camera is offline until a picture decodes,
	// or differs; of one that shows the same the Sink gets a few frames a second until then, each marked as Frozen.
	BadAfter    time.Duration
	FrozenAfter time.Duration

	Counters *Counters    // may be nil; the same as the source's
	Log      *slog.Logger // may be nil
}

// LongestPause is the longest before a source is opened again.
const LongestPause = 10 * time.Second

const (
	firstPause = 500 * time.Millisecond
	// devicePause is the longest before a device that gave no picture is asked again: it may be free, or be answering, without
	// any sign of it, and asking costs next to nothing.
	devicePause = 2500 * time.Millisecond
	// healthy is how long a life that has shown something must have lasted for the pauses to start small again: a camera that dies
	// with every first frame must not be opened twice a second for ever.
	healthy = 10 * time.Second
	// lookAfter is how often, during a pause, the source is asked whether something was plugged in.
	lookAfter = 500 * time.Millisecond
)

// local is a Source that is a device of this machine. It can tell cheaply when another attempt is worth while (when its State
// differs from before), and what it is set to, as slog's keys and values.
type local interface {
	State() string
	Details() []any
}

// status is what was last reported.
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
	last   Failure // how the last life ended
	scrutiny
	suspended time.Duration   // as of the last frame
	pauses    backoff.Backoff // before the next attempt
}

// Run runs the source until ctx ends, which is the error it then returns, or a file does: io.EOF.
func (c *Camera) Run(ctx context.Context) error {
	s := supervisor{Camera: c, pauses: backoff.Backoff{Min: firstPause, Max: LongestPause, Healthy: healthy}}
	for {
		before := s.state()
		began := time.Now()
		if c.Counters != nil {
			c.Counters.Attempts.Add(1)
		}
		life, end := context.WithCancelCause(ctx)
		s.begin(end)
		err := c.Source.Run(life, s.deliver)
		if ctx.Err() != nil {
			end(nil)
			return ctx.Err()
		}
		if life.Err() != nil {
			err = context.Cause(life)
		}
		end(nil)
		if errors.Is(err, io.EOF) {
			if errors.As(err, new(damaged)) {
				s.log().Warn("end of a damaged file", "source", s.Source.String(), "error", err)
			}
			return io.EOF
		}
		s.failed(err)
		if err := s.wait(ctx, s.pause(time.Since(began)), before); err != nil {
			return err
		}
	}
}

// deliver passes a frame on. The first picture of a life brings the camera online.
func (s *supervisor) deliver(f *Frame) Finding {
	if s.spares() {
		return Finding{}
	}
	f.Restart, f.Frozen = s.wokeUp() || f.Restart, s.frozen
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

// wokeUp says whether the machine was suspended since the last frame: frame times do not show it.
func (s *supervisor) wokeUp() bool {
	before := s.suspended
	s.suspended = suspended()
	return s.suspended-before > time.Second
}

// failed notes the end of a life.
func (s *supervisor) failed(err error) {
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
	s.log().Warn("camera offline, will be opened again", "source", s.Source.String(), "reason", err)
	if s.OnStatus != nil {
		s.OnStatus(false, err)
	}
}

// pause is how long to wait after a life of that length.
func (s *supervisor) pause(lived time.Duration) time.Duration {
	if !s.seen {
		lived = 0
	}
	pause := s.pauses.After(lived)
	if _, ok := s.Source.(local); ok && !s.seen {
		return min(pause, devicePause)
	}
	return pause
}

// wait pauses before the next attempt. The pause ends early, and the next will be short, when the source's state differs
// from before the attempt that failed.
func (s *supervisor) wait(ctx context.Context, pause time.Duration, before string) error {
	over := time.NewTimer(pause)
	defer over.Stop()
	look := time.NewTicker(lookAfter)
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
