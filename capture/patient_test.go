package capture

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// hanging is a source that gives some frames, then waits for what does not come and does not listen to its context.
type hanging struct {
	runs   int
	frames int
	answer chan struct{} // the drive answers again
}

func (h *hanging) String() string { return "file:/mnt/video.mkv" }

func (h *hanging) Run(_ context.Context, sink Sink) error {
	h.runs++
	for range h.frames {
		sink(&Frame{})
		time.Sleep(time.Second)
	}
	<-h.answer
	sink(&Frame{})
	return io.EOF
}

func TestAFileThatNobodyCanReadIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{frames: 30, answer: make(chan struct{})}
		p, shown := &patient{Source: h, limit: 10 * time.Second}, 0
		run := func() (time.Duration, error) {
			began := time.Now()
			err := p.Run(t.Context(), func(*Frame) Finding { shown++; return Finding{} })
			return time.Since(began), err
		}
		if took, err := run(); !errors.Is(err, unix.ETIMEDOUT) || FailureOf(err) != Stalled || took < 30*time.Second || took > 80*time.Second || shown != 30 {
			t.Errorf("%v after %v and %d frames", err, took, shown)
		}
		if took, err := run(); !errors.Is(err, unix.ETIMEDOUT) || took > 15*time.Second || h.runs != 1 {
			t.Errorf("while the read hangs: %v after %v; the source was opened %d times", err, took, h.runs)
		}
		close(h.answer)
		synctest.Wait()
		h.answer = make(chan struct{})
		close(h.answer)
		if _, err := run(); !errors.Is(err, io.EOF) || h.runs != 2 || shown != 61 { // 30, none of the one that was given up, 31
			t.Errorf("when the drive answers: %v, opened %d times, %d frames", err, h.runs, shown)
		}
	})
}

// A reload and the end of edged need not wait for a drive.
func TestAFileThatNobodyCanReadLetsEdgedEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{answer: make(chan struct{})}
		p := &patient{Source: h, limit: time.Hour}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		if err := p.Run(ctx, func(*Frame) Finding { return Finding{} }); !errors.Is(err, context.Canceled) || time.Since(began) > time.Minute+2*endWithin {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		close(h.answer)
	})
}
