package capture

import (
	"errors"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"edged/capture/internal/matroska"
)

// Counters count what one camera has delivered and lost since edged started or last read its configuration. All may be read at any time.
type Counters struct {
	Frames  atomic.Uint64 // lent to the sink
	Flagged atomic.Uint64 // dropped: the driver marked the frame as damaged
	Empty   atomic.Uint64 // dropped: the frame had no data
	Lost    atomic.Uint64 // lost before edged got them: gaps in the driver's sequence numbers
	// Mistimed counts frames whose own time was of no use. They got the time of their arrival.
	Mistimed atomic.Uint64

	Attempts atomic.Uint64           // to open the camera, also while it is offline
	Failed   [Failures]atomic.Uint64 // attempts that failed, and runs that ended, by kind of failure
}

// Failure is the kind of reason why a camera cannot be opened, or stops.
type Failure int

// The kinds of failure. Failures is how many there are.
const (
	Unplugged   Failure = iota // the device went away or was not there
	Busy                       // in use by another program
	Denied                     // no permission
	NoBandwidth                // the USB bus is full
	Stalled                    // no good frame for too long
	Exited                     // the program that reads the camera exited
	Undecodable                // frames arrive, but none can be decoded
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

// FailureOf returns the kind of an error that Source.Run returned.
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
