package capture

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"edged/internal/backoff"
)

// Camera keeps a source running: it opens it again, with growing pauses, whenever it ends.
type Camera struct {
	Source Source
	Sink   Sink
	// OnStatus is told of every change, once: online with the first frame of a life, offline with the reason when one ends
	// or none begins. It is called between frames and must not block. May be nil.
	OnStatus func(online bool, reason error)
	// BadAfter and FrozenAfter end a life in which no picture could be decoded, or in which all were the same, for that long;
	// 0 = never. They rest on what the Sink says of the frames.
	BadAfter    time.Duration
	FrozenAfter time.Duration

	Counters *Counters    // may be nil; the same as the source's
	Log      *slog.Logger // may be nil
}

const (
	firstPause = 500 * time.Millisecond
	longPause  = 10 * time.Second
	// healthy is how long a life must have lasted for the pauses to start small again: a camera that dies with every first
	// frame must not be opened twice a second for ever.
	healthy = 10 * time.Second
	// lookAfter is how often, during a pause, the source is asked whether something was plugged in.
	lookAfter = 500 * time.Millisecond
)

// stater is a Source that can tell cheaply when another attempt is worth while: when its State differs from before.
type stater interface{ State() string }

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
	scrutiny
	pauses backoff.Backoff // before the next attempt
}

// Run runs the source until ctx ends, which is the error it then returns, or a file does: io.EOF.
func (c *Camera) Run(ctx context.Context) error {
	s := supervisor{Camera: c, pauses: backoff.Backoff{Min: firstPause, Max: longPause, Healthy: healthy}}
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
			return io.EOF
		}
		s.failed(err)
		if err := s.wait(ctx, s.pauses.After(time.Since(began)), before); err != nil {
			return err
		}
	}
}

// deliver passes a frame on. The first of a life brings the camera online.
func (s *supervisor) deliver(f *Frame) {
	if s.status != online {
		s.status = online
		s.log().Info("camera online", "source", s.Source.String())
		if s.OnStatus != nil {
			s.OnStatus(true, nil)
		}
	}
	f.Verdict, f.Digest = Unseen, 0
	s.Sink(f)
	s.judge(f, s.BadAfter, s.FrozenAfter)
}

// failed notes the end of a life.
func (s *supervisor) failed(err error) {
	if s.Counters != nil {
		s.Counters.Failed[FailureOf(err)].Add(1)
	}
	if s.status == offline {
		s.log().Debug("camera still offline", "source", s.Source.String(), "reason", err)
		return
	}
	s.status = offline
	s.log().Warn("camera offline, will be opened again", "source", s.Source.String(), "reason", err)
	if s.OnStatus != nil {
		s.OnStatus(false, err)
	}
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
	if source, ok := s.Source.(stater); ok {
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
