package capture

import (
	"errors"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"edged/capture/internal/matroska"
)

// Counters are what one camera has delivered and lost over all its lives. All may be read at any time.
type Counters struct {
	Frames  atomic.Uint64 // lent to the sink
	Flagged atomic.Uint64 // dropped: the driver marked the frame as damaged
	Empty   atomic.Uint64 // dropped: no data in it
	Lost    atomic.Uint64 // never seen: gaps in the driver's sequence numbers
	// Mistimed are frames whose time stamp was of no use; they got the time of their arrival.
	Mistimed atomic.Uint64

	Attempts atomic.Uint64           // lives begun, whether or not the camera could be opened: they go on while it is offline
	Failed   [Failures]atomic.Uint64 // lives that ended, or never began, by kind of failure
}

// Failure is a kind of reason for which a camera's life ends.
type Failure int

// The kinds of failure. Failures is how many there are.
const (
	Unplugged   Failure = iota // the device went away or was not there
	Busy                       // in use by another program
	Denied                     // no permission
	NoBandwidth                // the USB bus is full
	Stalled                    // no good frame for too long
	Exited                     // the program that reads the camera ended
	Undecodable                // frames come, but none can be decoded
	Frozen                     // the same picture again and again
	OtherFailure
	Failures
)

// String is a label for metrics.
func (f Failure) String() string {
	names := [Failures]string{"unplugged", "busy", "denied", "no_bandwidth", "stalled", "exited", "undecodable", "frozen", "other"}
	if f < 0 || f >= Failures {
		return "unknown"
	}
	return names[f]
}

// FailureOf classifies what Source.Run returned.
func FailureOf(err error) Failure {
	for own, kind := range map[error]Failure{errExited: Exited, errHangs: Stalled, errUndecodable: Undecodable, errUnsupported: Undecodable, matroska.ErrUnsupported: Undecodable, errFrozen: Frozen} {
		if errors.Is(err, own) {
			return kind
		}
	}
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return OtherFailure
	}
	switch errno {
	case unix.ENODEV, unix.ENOENT, unix.ENXIO:
		return Unplugged
	case unix.EBUSY:
		return Busy
	case unix.EACCES, unix.EPERM:
		return Denied
	case unix.ENOSPC:
		return NoBandwidth
	case unix.ETIMEDOUT:
		return Stalled
	}
	return OtherFailure
}
