package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"edged/capture/internal/device"
	"edged/internal/clock"
)

// stream is a device that was started.
type stream interface {
	Wait(timeout time.Duration) (device.Event, error)
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
	sink       Sink
	frame      Frame
	buffer     device.Buffer
	started    bool // a buffer has been dequeued: the sequence is known
}

// run returns when the device fails, stalls or is interrupted; the last gives context.Canceled.
func (l *loop) run() error {
	if l.stallAfter <= 0 {
		l.stallAfter = defaultStallAfter
	}
	if l.counters == nil {
		l.counters = new(Counters)
	}
	l.frame.Restart = true
	good := clock.Monotonic() // when the newest good frame came
	for {
		event, err := l.stream.Wait(good + l.stallAfter - clock.Monotonic())
		if err != nil {
			return err
		}
		if event == device.Interrupted {
			return context.Canceled
		}
		if event == device.Ready {
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

// step takes one buffer from the driver, lends it to the sink unless it is damaged, and gives it back.
func (l *loop) step() (delivered bool, err error) {
	b := &l.buffer
	if err := l.stream.Dequeue(b); err != nil {
		return false, dequeueError(err)
	}
	if l.started {
		// Unsigned: right across the wrap. A huge gap is a driver that repeats a number or starts to count anew.
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
		l.frame.Data, l.frame.Time = l.stream.Memory(b), b.Time
		if b.Time == 0 {
			l.frame.Time = clock.Monotonic()
		}
		l.sink(&l.frame)
		l.frame.Data, l.frame.Restart = nil, false
	}
	return delivered, l.stream.Queue(b.Index)
}

// dequeueError tells what an errno means after poll has announced a frame: "none there" is poll's way to report an error, and
// a driver that was unbound says EINVAL, because its queue is gone.
func dequeueError(err error) error {
	var derr *device.Error
	if errors.As(err, &derr) && (errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINVAL)) {
		return &device.Error{Path: derr.Path, Op: derr.Op, Err: unix.ENODEV}
	}
	return err
}
