package device

import (
	"time"

	"golang.org/x/sys/unix"
)

// Event is what ended a Wait.
type Event int

// The events.
const (
	Ready       Event = iota // a frame can be dequeued, or Dequeue will say why not
	Interrupted              // Interrupt was called
	TimedOut
)

// Wait blocks until a frame is there, Interrupt is called or the timeout is over.
func (d *Device) Wait(timeout time.Duration) (Event, error) {
	event, err := wait(d.fd, d.wake, timeout)
	if err != nil {
		return event, &Error{Path: d.Path, Op: "poll", Err: err}
	}
	return event, nil
}

// Interrupt ends the present Wait and all later ones. Any goroutine may call it until Close.
func (d *Device) Interrupt() {
	one := [8]byte{1} // in the machine's byte order or not, it is not zero
	// It fails only when the counter is full, and then Wait returns as well.
	_, _ = unix.Write(d.wake, one[:])
}

func wait(fd, wake int, timeout time.Duration) (Event, error) {
	deadline := time.Now().Add(timeout)
	for {
		// Rounded up, or the last millisecond would be spent spinning.
		left := max(0, (time.Until(deadline)+time.Millisecond-1)/time.Millisecond)
		fds := [2]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(wake), Events: unix.POLLIN}}
		n, err := unix.Poll(fds[:], int(left))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return TimedOut, nil
		case fds[1].Revents != 0:
			return Interrupted, nil
		case fds[0].Revents&(unix.POLLHUP|unix.POLLNVAL) != 0:
			return 0, unix.ENODEV
		}
		// POLLERR alone, too: Dequeue then gives the errno.
		return Ready, nil
	}
}
