package wait

import (
	"context"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Timer wakes a goroutine at moments of CLOCK_MONOTONIC as a camera's frame would: in the poller and without delay. Go's own timers are
// up to a millisecond late, and cost the runtime twice as many wake-ups.
type Timer struct {
	ctx    context.Context
	fd     int
	wait   *FD
	unhook func() (stopped bool)
	ended  chan struct{} // closed when the function that unhook did not stop has run
}

// NewTimer makes a Timer. Its sleeps end when ctx ends.
func NewTimer(ctx context.Context) (*Timer, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	t := &Timer{ctx: ctx, fd: fd, ended: make(chan struct{})}
	if t.wait, err = New(fd, "timer"); err != nil {
		unix.Close(fd)
		return nil, err
	}
	t.wait.neverBlocks = true
	t.unhook = context.AfterFunc(ctx, func() { defer close(t.ended); t.wait.Interrupt() })
	return t, nil
}

// Until sleeps until due, on CLOCK_MONOTONIC. If the context ends first, Until returns the context's error.
func (t *Timer) Until(due time.Duration) error {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(int64(due), 1))} // 0 would disarm it
	// Raw, as it does not block.
	_, _, errno := unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(t.fd), unix.TFD_TIMER_ABSTIME, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	if event, err := t.wait.Wait(Forever); event == Ready {
		return err
	}
	return t.ctx.Err()
}

// Close frees the timer.
func (t *Timer) Close() {
	if !t.unhook() {
		<-t.ended
	}
	t.wait.Close()
	unix.Close(t.fd)
}
