// Package ringbuffer holds the last few frames of a camera in memory that is allocated once.
//
// One goroutine writes, any number read. A reader pins the frame that it looks at; the writer never waits for it:
// where the next slot is pinned, the new frame is dropped and counted. No lock is held while pixels are copied.
package ringbuffer

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Frame is what the ring knows of a picture; the pixels are its slot's bytes.
type Frame struct {
	Seq   uint64        // 1, 2, 3 … in the order of commits, never reused
	Epoch uint64        // frames of two epochs never share a window
	Tick  int64         // position on the sampling grid, strictly rising within an epoch
	Time  time.Duration // of capture, on CLOCK_MONOTONIC (a file's frames: presentation time)
}

// Ring is the buffer. Reserve, Commit, Reset and Wipe belong to the writer, everything else to anyone.
type Ring struct {
	slots   []slot
	epoch   atomic.Uint64
	newest  atomic.Uint64 // Seq of the last commit, 0 before the first
	dropped atomic.Uint64

	reserved *slot // the writer's, between Reserve and Commit

	mu      sync.Mutex // guards a change of readers
	readers atomic.Pointer[[]chan struct{}]
}

// writing, in slot.pins, says that the slot is the writer's.
const writing = -1

type slot struct {
	pins  atomic.Int32  // readers that hold the slot, or writing
	seq   atomic.Uint64 // frame.Seq, or 0 while the slot has no whole picture; readable without a pin
	frame Frame         // guarded by pins
	data  []byte        // guarded by pins
}

// New returns a ring of that many slots of size bytes each. A reader that needs the last T frames at once needs T+1
// slots: one is always being written.
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
	r.readers.Store(new([]chan struct{}))
	return r
}

// Slots returns how many frames fit, the one being written included.
func (r *Ring) Slots() int { return len(r.slots) }

// Reserve lends the writer the next slot's memory, whatever it holds; the oldest frame is gone from then on. It
// returns nil where a reader still pins that slot: the frame is dropped and counted. A slot that was reserved and
// not committed (its picture did not decode) is lent again.
func (r *Ring) Reserve() []byte {
	if r.reserved == nil {
		s := r.slot(r.newest.Load() + 1)
		if !s.pins.CompareAndSwap(0, writing) {
			r.dropped.Add(1)
			return nil
		}
		s.seq.Store(0)
		r.reserved = s
	}
	return r.reserved.data
}

// Commit publishes the reserved slot as the newest frame and wakes the readers.
func (r *Ring) Commit(tick int64, t time.Duration) {
	s := r.reserved
	if s == nil {
		panic("ringbuffer: Commit without Reserve")
	}
	r.reserved = nil
	seq := r.newest.Load() + 1
	s.frame = Frame{Seq: seq, Epoch: r.epoch.Load(), Tick: tick, Time: t}
	s.seq.Store(seq)
	s.pins.Store(0)
	r.newest.Store(seq)
	r.wake()
}

// Reset marks a gap (a reopened camera, a stall, another picture size): what was committed before can no longer be
// pinned, and readers are woken to see the new epoch.
func (r *Ring) Reset() {
	r.epoch.Add(1)
	r.wake()
}

// Wipe makes all frames unavailable and clears their pixels, but for those that a reader pins just now; it returns whether there were
// none. It is the writer's.
func (r *Ring) Wipe() (all bool) {
	if r.reserved != nil {
		clear(r.reserved.data)
	}
	all = true
	for i := range r.slots {
		s := &r.slots[i]
		if s == r.reserved {
			continue
		}
		if !s.pins.CompareAndSwap(0, writing) {
			all = false
			continue
		}
		s.seq.Store(0)
		clear(s.data)
		s.pins.Store(0)
	}
	return all
}

// Epoch returns the current epoch; it starts at 1.
func (r *Ring) Epoch() uint64 { return r.epoch.Load() }

// Dropped returns how many frames Reserve refused because a reader held the slot.
func (r *Ring) Dropped() uint64 { return r.dropped.Load() }

// Newest returns the newest frame of the current epoch, and whether there is one.
func (r *Ring) Newest() (Frame, bool) {
	for {
		seq := r.newest.Load()
		if seq == 0 {
			return Frame{}, false
		}
		f, _, ok := r.Pin(seq)
		if ok {
			r.Unpin(seq)
			return f, true
		}
		// Either a Reset made it old, or the writer went once round meanwhile: then there is a newer one.
		if r.newest.Load() == seq {
			return Frame{}, false
		}
	}
}

// Pin lends the frame with that number and its pixels until Unpin. It returns false where the frame is not there:
// not committed yet, overwritten, or older than the last Reset.
func (r *Ring) Pin(seq uint64) (Frame, []byte, bool) {
	s := r.slot(seq)
	for seq != 0 && s.seq.Load() == seq {
		n := s.pins.Load()
		if n == writing {
			break
		}
		if !s.pins.CompareAndSwap(n, n+1) {
			continue // another reader came or went
		}
		// The slot may have been written between the look at seq and the pin.
		if s.frame.Seq == seq && s.seq.Load() == seq && s.frame.Epoch == r.epoch.Load() {
			return s.frame, s.data, true
		}
		s.pins.Add(-1)
		break
	}
	return Frame{}, nil, false
}

// Unpin gives a pinned frame back.
func (r *Ring) Unpin(seq uint64) {
	if r.slot(seq).pins.Add(-1) < 0 {
		panic(fmt.Sprintf("ringbuffer: Unpin of frame %d, which is not pinned", seq))
	}
}

// Next returns the number that the next commit will get. It is the writer's.
func (r *Ring) Next() uint64 { return r.newest.Load() + 1 }

// Notify registers a reader's channel, of capacity 1, which may be that of several rings: it holds one token whenever
// something was committed or reset since the reader last took it, however often. A second time changes nothing.
func (r *Ring) Notify(c chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(*r.readers.Load(), c) {
		return
	}
	readers := append(append([]chan struct{}(nil), *r.readers.Load()...), c)
	r.readers.Store(&readers)
}

func (r *Ring) slot(seq uint64) *slot { return &r.slots[seq%uint64(len(r.slots))] }

func (r *Ring) wake() {
	for _, c := range *r.readers.Load() {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
