package capture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sys/unix"

	"edged/capture/internal/device"
	"edged/capture/internal/wait"
	"edged/internal/clock"
)

// stream is a started device.
type stream interface {
	Wait(timeout time.Duration) (wait.Event, error)
	Dequeue(*device.Buffer) error
	Memory(*device.Buffer) []byte
	Queue(index int) error
}

// loop lends a started device's frames to the sink. Nothing in it allocates per frame.
type loop struct {
	stream     stream
	path       string
	stallAfter time.Duration
	counters   *Counters
	log        *slog.Logger
	sink       Sink
	frame      Frame
	buffer     device.Buffer
	started    bool // a buffer has been dequeued, so the sequence is known
	mistimed   bool // the driver's times are of no use, so frames get the time of their arrival
	refusals   refusals
	empty      int // times in a row that a frame was announced and none was there
}

const (
	// staleTime is how old the first frame may be.
	staleTime = 10 * time.Second
	// aheadTime is how far a frame may be ahead of now: some drivers give it the time at which it should have been complete.
	aheadTime = time.Second
	// Poll announces a frame, and none is there, where a device is gone. The same happens, for a moment, where a signal interrupted
	// poll. So the loop looks again a few times.
	emptyLooks = 3
	emptyPause = 10 * time.Millisecond
)

// run returns when the device fails, stalls or is interrupted. The error of an interruption is context.Canceled.
func (l *loop) run() error {
	if l.stallAfter <= 0 {
		l.stallAfter = defaultStallAfter
	}
	if l.counters == nil {
		l.counters = new(Counters)
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	l.frame.Restart = true
	good := clock.Monotonic() // when the newest good frame came
	for {
		event, err := l.stream.Wait(good + l.stallAfter - clock.Monotonic())
		if err != nil {
			return err
		}
		if event == wait.Interrupted {
			return context.Canceled
		}
		if event == wait.Ready {
			delivered, err := l.step()
			if err != nil {
				return err
			}
			if delivered {
				good = clock.Monotonic()
				continue
			}
		}
		if clock.Monotonic()-good >= l.stallAfter {
			return &device.Error{Path: l.path, Op: fmt.Sprintf("no good frame for %v", l.stallAfter), Err: unix.ETIMEDOUT}
		}
	}
}

// step takes one buffer from the driver, lends it to the sink unless it is damaged, and returns it to the driver.
func (l *loop) step() (delivered bool, err error) {
	b := &l.buffer
	if err := l.stream.Dequeue(b); err != nil {
		if l.empty++; errors.Is(err, unix.EAGAIN) && l.empty <= emptyLooks {
			time.Sleep(emptyPause)
			return false, nil
		}
		return false, dequeueError(err)
	}
	l.empty = 0
	if l.started {
		// Unsigned arithmetic is right where the number wraps around. A huge gap comes from a driver that repeats a number or restarts
		// its count.
		if gap := b.Sequence - l.frame.Sequence - 1; gap < 1<<31 {
			l.counters.Lost.Add(uint64(gap))
		}
	}
	l.started, l.frame.Sequence = true, b.Sequence
	switch {
	case b.Damaged:
		l.counters.Flagged.Add(1)
	case b.Used == 0:
		l.counters.Empty.Add(1)
	default:
		delivered = true
		l.counters.Frames.Add(1)
		l.frame.Data, l.frame.Time = l.stream.Memory(b), l.timeFrame(b.Time)
		err = l.refusals.note(l.sink(&l.frame))
		l.frame.Data, l.frame.Restart = nil, false
	}
	return delivered, cmp.Or(err, l.stream.Queue(b.Index))
}

// timeFrame returns when the frame was taken: what the driver says, until that makes no sense for the first time. From then on it is
// the time of arrival, for as long as the device stays open: times of arrival and the driver's times do not go together.
func (l *loop) timeFrame(stamp time.Duration) time.Duration {
	now := clock.Monotonic()
	first := l.frame.Restart
	if !l.mistimed && (stamp <= 0 || stamp > now+aheadTime || first && stamp < now-staleTime || !first && stamp <= l.frame.Time) {
		l.mistimed = true
		if stamp != 0 { // 0: it has no such clock
			l.log.Warn("the driver's frame times make no sense; from now on edged uses the time of each frame's arrival",
				"time", stamp, "frame_before", l.frame.Time, "now", now)
		}
	}
	if !l.mistimed {
		return stamp
	}
	if stamp != 0 {
		l.counters.Mistimed.Add(1)
	}
	return max(now, l.frame.Time+1)
}

// dequeueError says what an errno means after poll has announced a frame. A device that is gone says that there is no frame, and a
// driver that was unbound says EINVAL, because its queue is gone.
func dequeueError(err error) error {
	var derr *device.Error
	if errors.As(err, &derr) && (errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINVAL)) {
		return &device.Error{Path: derr.Path, Op: derr.Op, Err: unix.ENODEV}
	}
	return err
}
