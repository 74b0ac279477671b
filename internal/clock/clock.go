// Package clock relates the pipeline's time, a time.Duration on CLOCK_MONOTONIC, to wall time.
//
// A board without a battery-backed clock starts in the past and jumps when NTP answers. So every interval in the pipeline is
// monotonic, and wall time is worked out only for a payload, at the moment it leaves.
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

// Instant is one moment read on both clocks.
type Instant struct {
	Wall      time.Time
	Monotonic time.Duration
}

// Now reads both clocks.
func Now() Instant {
	return Instant{Wall: time.Now(), Monotonic: Monotonic()}
}

// At returns the wall time of the monotonic time t, as far as the wall clock is right at this instant.
func (i Instant) At(t time.Duration) time.Time {
	return i.Wall.Add(t - i.Monotonic)
}
