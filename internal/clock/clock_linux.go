package clock

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Monotonic returns CLOCK_MONOTONIC, the clock of V4L2's frame timestamps. It does not allocate.
//
// The system call is a raw one: of any other the Go runtime's monitor takes note, and where it was asleep that wakes it up.
func Monotonic() time.Duration { return read(unix.CLOCK_MONOTONIC) }

// Suspended is how long the machine has been suspended since its start, give or take the microseconds between two readings:
// CLOCK_MONOTONIC stands still meanwhile.
func Suspended() time.Duration { return read(unix.CLOCK_BOOTTIME) - Monotonic() }

func read(clock uintptr) time.Duration {
	var ts unix.Timespec
	// The call fails only for an unknown clock or a bad address, and neither can happen here.
	_, _, _ = unix.RawSyscall(unix.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&ts)), 0)
	return time.Duration(ts.Nano())
}
