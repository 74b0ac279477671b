// Package wait waits for file descriptors in the Go runtime's own poller.
//
// A goroutine that blocks in a system call costs several thread switches at each wake-up: the runtime's monitor notices the call,
// takes the processor away from the thread, and starts another thread that looks for work. In the poller it costs one.
package wait

import (
	"errors"
	"math"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Event is what ended a Wait.
type Event int

// The events.
const (
	Ready       Event = iota // the descriptor can be read, or reading it returns an error
	Interrupted              // Interrupt was called
	TimedOut
)

// FD waits for a descriptor to become readable. It belongs to one goroutine; only Interrupt may be called from others.
type FD struct {
	file        *os.File
	fd          uintptr // the file's
	raw         syscall.RawConn
	look        func(fd uintptr) (done bool) // f.poll: made once, since a method value is an allocation
	seen        int16                        // by the last poll
	errno       syscall.Errno                // of the last poll
	interrupted atomic.Bool
	noDeadline  bool // the file has no read deadline
	neverBlocks bool // nor does a poll of the descriptor, as with a timer
}

// Forever is a timeout that never ends a Wait.
const Forever time.Duration = math.MaxInt64

// New waits for fd by a duplicate, so that closing one leaves the other. fd must be non-blocking, and of a kind that epoll knows.
func New(fd int, name string) (*FD, error) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := &FD{file: os.NewFile(uintptr(own), name), fd: uintptr(own)}
	f.look = f.poll
	if err = f.file.SetReadDeadline(time.Time{}); err == nil { // else it is not in the poller
		f.raw, err = f.file.SyscallConn()
	}
	if err != nil {
		f.file.Close()
		return nil, err
	}
	return f, nil
}

// nextLook is the pause before a descriptor that reported an error is polled again.
const nextLook = 5 * time.Millisecond

// Wait blocks until the descriptor is readable, Interrupt is called, or the timeout is over. The error of a device that was hung up is
// ENODEV.
func (f *FD) Wait(timeout time.Duration) (Event, error) {
	f.seen, f.errno = 0, 0
	if err := f.setDeadline(timeout); err != nil {
		return 0, err
	}
	if f.interrupted.Load() { // the line above may have overwritten Interrupt's deadline
		return Interrupted, nil
	}
	err := f.raw.Read(f.look)
	// Where a signal interrupts the poller's own system call, a camera's driver answers with an error, which the poller reports until
	// the next event. Polling again gives the true state.
	for err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !f.poll(f.fd) {
		time.Sleep(nextLook)
		err = f.raw.Read(f.look)
	}
	switch {
	case f.interrupted.Load():
		return Interrupted, nil
	// A process that was stopped for longer than the timeout may find both a frame and the timeout. Then the frame counts.
	case errors.Is(err, os.ErrDeadlineExceeded) && !f.poll(f.fd):
		return TimedOut, nil
	case f.errno != 0:
		return 0, f.errno
	case f.seen&(unix.POLLHUP|unix.POLLNVAL) != 0:
		return 0, unix.ENODEV
	}
	// The poller calls a descriptor not pollable that only reports an error. Reading it returns the error.
	return Ready, nil
}

// setDeadline makes the next read end after timeout.
func (f *FD) setDeadline(timeout time.Duration) error {
	if timeout != Forever {
		f.noDeadline = false
		return f.file.SetReadDeadline(time.Now().Add(timeout))
	}
	if f.noDeadline {
		return nil
	}
	f.noDeadline = true
	return f.file.SetReadDeadline(time.Time{})
}

// poll asks the kernel whether the descriptor is ready. The Go runtime must know of a system call that may block, and some
// drivers' locks hold this one up for seconds. But telling it wakes its monitor, so a poll that never blocks is a raw call.
func (f *FD) poll(fd uintptr) (done bool) {
	look := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	for {
		var now unix.Timespec
		var n uintptr
		var errno syscall.Errno
		if f.neverBlocks {
			n, _, errno = unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&look)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
		} else {
			n, _, errno = unix.Syscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&look)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
		}
		if errno == unix.EINTR { // uvcvideo waits for a lock
			continue
		}
		f.seen, f.errno = look.Revents, errno
		return n != 0
	}
}

// Interrupt ends the present Wait and all later ones. Any goroutine may call it until Close.
func (f *FD) Interrupt() {
	f.interrupted.Store(true)
	_ = f.file.SetReadDeadline(time.Unix(1, 0)) // fails after Close alone
}

// Close frees the duplicate.
func (f *FD) Close() error { return f.file.Close() }
