// Package ringbuffer keeps a camera's last frames in memory that is allocated once.
//
// One goroutine writes and one goroutine reads. Neither waits for the other, and no lock is held while pixels are copied.
// The reader pins one frame at a time. The writer drops and counts a new frame whose slot the reader still pins.
package ringbuffer

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Frame describes a picture. Its pixels are the bytes of its slot.
type Frame struct {
	Seq   uint64        // 1, 2, 3 … in the order of commits, never reused
	Epoch uint64        // frames of two epochs never share a window
	Tick  int64         // position on the sampling grid, strictly rising within an epoch
	Time  time.Duration // of capture, on CLOCK_MONOTONIC; for a file, the presentation time
}

// Ring is the buffer. Each method names the goroutine that may call it: the writer, the reader, or any.
type Ring struct {
	slots    []slot
	newest   atomic.Uint64 // Seq of the last commit, 0 before the first
	epoch    atomic.Uint64 // Seq of the first frame after the last gap
	dropped  atomic.Uint64
	wake     atomic.Pointer[chan<- struct{}] // the reader's; nil before Notify
	reserved *slot                           // the writer's, between Reserve and Commit
	pinned   *slot                           // the reader's, between Pin and Unpin
}

type slot struct {
	owner atomic.Int32 // free, writing or pinned
	frame Frame        // of the owner alone; Seq is 0 while the slot has no whole picture
	data  []byte       // of the owner alone
}

const (
	free int32 = iota
	writing
	pinned
)

// New returns a ring of that many slots of size bytes each. The writer fills one of them, so T whole frames need T+1
// slots.
func New(slots, size int) *Ring {
	if slots < 2 || size < 1 {
		panic(fmt.Sprintf("ringbuffer: New(%d slots, %d bytes): need at least 2 and 1", slots, size))
	}
	r := &Ring{slots: make([]slot, slots)}
	memory := make([]byte, slots*size)
	for i := range r.slots {
		r.slots[i].data = memory[i*size : (i+1)*size : (i+1)*size]
	}
	r.epoch.Store(1)
	return r
}

// Slots returns how many frames fit, including the one that is being written. Any goroutine may call it.
func (r *Ring) Slots() int { return len(r.slots) }

// Reserve lends the writer the next slot's memory with whatever it holds; the oldest frame is gone from then on. It
// drops and counts the frame and returns nil while the reader pins that slot. A slot that was reserved and not
// committed, because its picture did not decode, is lent again.
func (r *Ring) Reserve() []byte {
	if r.reserved == nil {
		s := r.slot(r.Next())
		if !s.owner.CompareAndSwap(free, writing) {
			r.dropped.Add(1)
			return nil
		}
		s.frame.Seq = 0
		r.reserved = s
	}
	return r.reserved.data
}

// Commit publishes the reserved slot as the newest frame and wakes the reader. The writer calls it.
func (r *Ring) Commit(tick int64, t time.Duration) {
	s := r.reserved
	if s == nil {
		panic("ringbuffer: Commit without Reserve")
	}
	r.reserved = nil
	seq := r.Next()
	s.frame = Frame{Seq: seq, Epoch: r.epoch.Load(), Tick: tick, Time: t}
	s.owner.Store(free)
	r.newest.Store(seq)
	r.wakeReader()
}

// Reset marks a gap: the camera was reopened or stalled, or the picture's size changed. Earlier frames can no longer be
// pinned. It wakes the reader, which finds a new Epoch. The writer calls it.
func (r *Ring) Reset() {
	r.epoch.Store(r.Next())
	r.wakeReader()
}

// Wipe removes all frames and clears their pixels, except for one that the reader pins. It returns whether everything
// is clear. The writer calls it.
func (r *Ring) Wipe() (clean bool) {
	if r.reserved != nil {
		clear(r.reserved.data)
	}
	clean = true
	for i := range r.slots {
		s := &r.slots[i]
		if s == r.reserved {
			continue
		}
		if !s.owner.CompareAndSwap(free, writing) {
			clean = false
			continue
		}
		s.frame.Seq = 0
		clear(s.data)
		s.owner.Store(free)
	}
	return clean
}

// Next returns the Seq that the next commit will get. The writer calls it.
func (r *Ring) Next() uint64 { return r.newest.Load() + 1 }

// Epoch returns the current epoch. It starts at 1 and rises with each gap. Any goroutine may call it.
func (r *Ring) Epoch() uint64 { return r.epoch.Load() }

// Dropped returns how many frames Reserve refused because the reader pinned the slot. Any goroutine may call it.
func (r *Ring) Dropped() uint64 { return r.dropped.Load() }

// Newest returns the Seq of the newest frame, or false where no frame has come since the last gap. Any goroutine may
// call it.
func (r *Ring) Newest() (seq uint64, ok bool) {
	seq = r.newest.Load()
	return seq, seq >= r.epoch.Load()
}

// Pin lends the reader that frame and its pixels until Unpin. It returns false where the frame is not there: not yet
// committed, already overwritten, or older than the last gap.
func (r *Ring) Pin(seq uint64) (Frame, []byte, bool) {
	if r.pinned != nil {
		panic("ringbuffer: Pin of a second frame; Unpin the first")
	}
	s := r.slot(seq)
	if overwritten := seq+uint64(len(r.slots)) <= r.newest.Load(); overwritten || !s.owner.CompareAndSwap(free, pinned) {
		return Frame{}, nil, false
	}
	if s.frame.Seq != seq || seq < r.epoch.Load() {
		s.owner.Store(free)
		return Frame{}, nil, false
	}
	r.pinned = s
	return s.frame, s.data, true
}

// Unpin gives the pinned frame back. The reader calls it.
func (r *Ring) Unpin() {
	if r.pinned == nil {
		panic("ringbuffer: Unpin without Pin")
	}
	r.pinned.owner.Store(free)
	r.pinned = nil
}

// Notify sets the channel that wakes the reader, in place of any earlier one. It must have capacity 1 and may serve
// several rings: it holds one token if anything was committed or reset since the reader last took one. Any goroutine
// may call it.
func (r *Ring) Notify(wake chan<- struct{}) { r.wake.Store(&wake) }

func (r *Ring) wakeReader() {
	wake := r.wake.Load()
	if wake == nil {
		return
	}
	select {
	case *wake <- struct{}{}:
	default:
	}
}

func (r *Ring) slot(seq uint64) *slot { return &r.slots[seq%uint64(len(r.slots))] }
