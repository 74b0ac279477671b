package capture

import "sync/atomic"

// Counters are what one camera has delivered and lost over all its lives. All may be read at any time.
type Counters struct {
	Frames  atomic.Uint64 // lent to the sink
	Flagged atomic.Uint64 // dropped: the driver marked the frame as damaged
	Empty   atomic.Uint64 // dropped: no data in it
	Lost    atomic.Uint64 // never seen: gaps in the driver's sequence numbers

	Opened atomic.Uint64 // lives that delivered at least one frame
	Failed atomic.Uint64 // lives that ended in an error, opened or not
}
