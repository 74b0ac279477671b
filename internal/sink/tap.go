package sink

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"edged/capture/pixel"
)

// Tap receives the frames of one camera as the camera sent them, all of them, not only those that the model samples. Its methods
// are called from the camera's goroutine and must not block.
//
// Frames are raw: masks are not applied. Whatever leaves the process must be masked first.
type Tap interface {
	// Frame lends a frame. It is called only while at least one view of the camera is enabled.
	Frame(Frame)
	// Wipe says that no view of the camera is enabled any more. Frames that the tap still holds in memory must be erased.
	Wipe()
}

// Frame is one frame as the camera sent it.
type Frame struct {
	Data     []byte // lent for the call; often the driver's own memory
	Format   pixel.Format
	Time     time.Duration // when it was taken
	Sequence uint32        // the driver's count; a jump means lost frames
	Opening  uint64        // of the camera, counted from 1: frames of another opening show another scene, and may have another size
	Views    uint32        // bit i is set if view i of the camera is enabled, in the configuration's order
}

// Taps is the set of taps on one camera. Its zero value is empty. One camera goroutine calls Frame and Wipe; Add may be called from
// any goroutine.
type Taps struct {
	mu   sync.Mutex // held by those who change the set
	taps atomic.Pointer[[]Tap]
}

// Add adds a tap, which must be a pointer. Remove takes it away again; a call to the tap that has begun may still be going on when remove returns.
func (t *Taps) Add(tap Tap) (remove func()) {
	t.change(func(taps []Tap) []Tap { return append(taps, tap) })
	return func() {
		t.change(func(taps []Tap) []Tap {
			if i := slices.Index(taps, tap); i >= 0 {
				return slices.Delete(taps, i, i+1)
			}
			return taps
		})
	}
}

func (t *Taps) change(by func([]Tap) []Tap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var taps []Tap
	if now := t.taps.Load(); now != nil {
		taps = slices.Clone(*now)
	}
	if taps = by(taps); len(taps) == 0 {
		t.taps.Store(nil)
		return
	}
	t.taps.Store(&taps)
}

// InUse reports whether there is any tap.
func (t *Taps) InUse() bool { return t.taps.Load() != nil }

// Frame lends the frame to every tap.
func (t *Taps) Frame(f Frame) {
	if taps := t.taps.Load(); taps != nil {
		for _, tap := range *taps {
			tap.Frame(f)
		}
	}
}

// Wipe passes Wipe on to every tap.
func (t *Taps) Wipe() {
	if taps := t.taps.Load(); taps != nil {
		for _, tap := range *taps {
			tap.Wipe()
		}
	}
}
