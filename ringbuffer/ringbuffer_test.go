package ringbuffer

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func notify(r *Ring) <-chan struct{} {
	c := make(chan struct{}, 1)
	r.Notify(c)
	return c
}

// write commits one frame whose pixels all carry its number.
func write(r *Ring, tick int64) bool {
	b := r.Reserve()
	if b == nil {
		return false
	}
	fill(b, r.newest.Load()+1)
	r.Commit(tick, time.Duration(tick)*time.Millisecond)
	return true
}

func fill(b []byte, seq uint64) {
	for i := 0; i+8 <= len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], seq)
	}
}

// whole reports whether all of b carries seq: a torn frame does not.
func whole(b []byte, seq uint64) bool {
	want := make([]byte, len(b))
	fill(want, seq)
	return bytes.Equal(b, want)
}

func TestFramesStayUntilOverwritten(t *testing.T) {
	r := New(4, 16)
	if _, ok := r.Newest(); ok {
		t.Fatal("an empty ring has a newest frame")
	}
	for i := int64(0); i < 6; i++ {
		if !write(r, i) {
			t.Fatalf("frame %d dropped with no reader", i)
		}
	}
	newest, ok := r.Newest()
	if !ok || newest != 6 {
		t.Fatalf("Newest = %d, %v; want 6", newest, ok)
	}
	f, _, _ := r.Pin(newest)
	r.Unpin()
	if want := (Frame{Seq: 6, Epoch: 1, Tick: 5, Time: 5 * time.Millisecond}); f != want {
		t.Fatalf("Pin(6) = %+v, want %+v", f, want)
	}
	for seq, there := range map[uint64]bool{0: false, 1: false, 2: false, 3: true, 6: true, 7: false} {
		if _, b, ok := r.Pin(seq); ok != there {
			t.Errorf("Pin(%d) = %v, want %v", seq, ok, there)
		} else if ok {
			if !whole(b, seq) {
				t.Errorf("frame %d holds another frame's pixels", seq)
			}
			r.Unpin()
		}
	}
}

func TestWriterDropsRatherThanWaits(t *testing.T) {
	r := New(2, 8)
	write(r, 0)
	_, b, ok := r.Pin(1)
	if !ok {
		t.Fatal("frame 1 not there")
	}
	write(r, 1)
	if r.Reserve() != nil {
		t.Fatal("the writer was lent a pinned slot")
	}
	if r.Dropped() != 1 {
		t.Fatalf("Dropped = %d, want 1", r.Dropped())
	}
	if !whole(b, 1) {
		t.Fatal("a pinned frame changed")
	}
	r.Unpin()
	if !write(r, 2) {
		t.Fatal("still dropping after Unpin")
	}
}

func TestAnAbandonedReserveShowsNothing(t *testing.T) {
	r := New(2, 8)
	write(r, 0)
	write(r, 1)
	fill(r.Reserve(), 99) // half a picture: it takes frame 1's slot and is never committed
	if _, _, ok := r.Pin(1); ok {
		t.Fatal("a slot being written could be pinned")
	}
	if seq, ok := r.Newest(); !ok || seq != 2 {
		t.Fatalf("Newest = %d, %v; want frame 2", seq, ok)
	}
	if !write(r, 2) {
		t.Fatal("the reserved slot was not lent again")
	}
}

func TestResetHidesOlderFrames(t *testing.T) {
	r := New(4, 8)
	wake := notify(r)
	write(r, 7)
	<-wake
	r.Reset()
	<-wake // a reader that waits for frames must learn of the gap
	if _, ok := r.Newest(); ok {
		t.Fatal("a frame from before the gap is still the newest")
	}
	if _, _, ok := r.Pin(1); ok {
		t.Fatal("a frame from before the gap can be pinned")
	}
	write(r, 0)
	if seq, ok := r.Newest(); !ok || seq != 2 {
		t.Fatalf("Newest = %d, %v; want frame 2", seq, ok)
	}
	if f, _, _ := r.Pin(2); f.Epoch != r.Epoch() || f.Epoch == 1 {
		t.Fatalf("Pin(2) = %+v, want a frame of the new epoch %d", f, r.Epoch())
	}
}

func TestWipeLeavesNoPixels(t *testing.T) {
	r := New(4, 8)
	for tick := range int64(6) {
		write(r, tick)
	}
	if _, _, ok := r.Pin(6); !ok {
		t.Fatal("frame 6 is not there")
	}
	fill(r.Reserve(), 7) // half a picture
	if r.Wipe() {
		t.Error("all is said to be wiped while a frame is pinned")
	}
	r.Unpin()
	if _, _, ok := r.Pin(5); ok {
		t.Error("a wiped frame can be pinned")
	}
	if !r.Wipe() {
		t.Error("not all is wiped")
	}
	for i := range r.slots {
		if data := r.slots[i].data; !bytes.Equal(data, make([]byte, len(data))) {
			t.Errorf("slot %d holds %v", i, data)
		}
	}
	if write(r, 7); r.newest.Load() != 7 {
		t.Error("the next frame has another number")
	}
	if seq, ok := r.Newest(); !ok || seq != 7 {
		t.Errorf("after it Newest = %d, %v; want frame 7", seq, ok)
	}
}

func TestNotifyHoldsOneToken(t *testing.T) {
	r := New(4, 8)
	earlier := notify(r)
	wake := notify(r)
	for i := int64(0); i < 3; i++ {
		write(r, i)
	}
	<-wake
	for _, c := range []<-chan struct{}{wake, earlier} {
		select {
		case <-c:
			t.Fatal("a second token, or one for a channel that was replaced")
		default:
		}
	}
}

func TestMisuseOfPinsPanics(t *testing.T) {
	for name, misuse := range map[string]func(*Ring){
		"a second Pin":      func(r *Ring) { r.Pin(1); r.Pin(1) },
		"Unpin without Pin": func(r *Ring) { r.Unpin() },
		"Commit twice":      func(r *Ring) { r.Commit(1, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			r := New(4, 8)
			write(r, 0)
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse(r)
		})
	}
}

func TestNoAllocationPerFrame(t *testing.T) {
	r := New(4, 1024)
	wake := notify(r)
	var tick int64
	n := testing.AllocsPerRun(1000, func() {
		r.Reserve()
		tick++
		r.Commit(tick, time.Duration(tick))
		<-wake
		seq, _ := r.Newest()
		r.Pin(seq)
		r.Unpin()
	})
	if n != 0 {
		t.Fatalf("%v allocations per frame, want 0", n)
	}
}

// A reader that pins every frame it can while the writer runs free must get whole frames only. Run with -race.
func TestConcurrentReaderGetsWholeFrames(t *testing.T) {
	const frames = 5000
	r := New(5, 256)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wake := notify(r)
	wg.Go(func() {
		var last uint64
		for {
			select {
			case <-wake:
			case <-done:
				return
			}
			newest, ok := r.Newest()
			if !ok {
				continue
			}
			if newest < last {
				t.Errorf("newest went from %d back to %d", last, newest)
			}
			last = newest
			for seq := newest; seq+5 > newest && seq > 0; seq-- {
				if f, b, ok := r.Pin(seq); ok {
					if f.Seq != seq || !whole(b, seq) {
						t.Errorf("frame %d torn", seq)
					}
					r.Unpin()
				}
			}
		}
	})
	var committed, refused uint64
	for i := int64(0); i < frames; i++ {
		if i%997 == 996 {
			r.Reset()
		}
		if i%101 == 100 {
			r.Wipe()
		}
		if write(r, i) {
			committed++
		} else {
			refused++
		}
	}
	close(done)
	wg.Wait()
	if refused != r.Dropped() || committed+refused != frames {
		t.Errorf("committed %d + dropped %d (counted %d) of %d", committed, refused, r.Dropped(), frames)
	}
	for i := range r.slots {
		if owner := r.slots[i].owner.Load(); owner != free {
			t.Errorf("slot %d ends with owner %d", i, owner)
		}
	}
}

// FuzzAgainstModel runs any sequence of calls against a plain list of frames.
func FuzzAgainstModel(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 3, 0, 0, 2})
	f.Add([]byte("wwpwwwuwrwwxpw"))
	f.Add(bytes.Repeat([]byte{0, 5}, 40))
	f.Fuzz(func(t *testing.T, ops []byte) {
		const slots = 4
		r := New(slots, 8)
		m := model{first: 1}
		for _, op := range ops {
			arg := uint64(op >> 3)
			switch op & 7 {
			case 0, 1, 2:
				if got, want := write(r, int64(m.newest)), m.write(slots); got != want {
					t.Fatalf("write after frame %d: %v, model says %v", m.newest, got, want)
				}
			case 3:
				r.Reset()
				m.first = m.newest + 1
			case 4: // a picture that does not decode
				if got, want := r.Reserve() != nil, m.reserve(slots); got != want {
					t.Fatalf("reserve: %v, model says %v", got, want)
				}
			case 5, 6:
				if m.pinned > 0 {
					continue
				}
				seq := m.newest - min(m.newest, arg%8) + arg/8%2
				_, b, ok := r.Pin(seq)
				if want := m.pin(seq); ok != want {
					t.Fatalf("pin %d with newest %d: %v, model says %v", seq, m.newest, ok, want)
				}
				if ok && !whole(b, seq) {
					t.Fatalf("frame %d torn", seq)
				}
			case 7:
				if m.pinned > 0 {
					r.Unpin()
					m.pinned = 0
				}
			}
			seq, ok := r.Newest()
			if want := m.there(m.newest); ok != want || ok && seq != m.newest {
				t.Fatalf("newest %d %v, model says %d %v", seq, ok, m.newest, want)
			}
		}
	})
}

// model is the ring in the plainest form: which frames exist, and which one is pinned.
type model struct {
	newest, first uint64 // first of the epoch
	frames        []uint64
	reserved      bool
	pinned        uint64
}

// reserve forgets the frame whose slot comes next, unless it is pinned.
func (m *model) reserve(slots uint64) bool {
	if m.reserved {
		return true
	}
	old := m.newest + 1 - min(m.newest+1, slots)
	if m.pinned > 0 && m.pinned == old {
		return false
	}
	m.frames = slices.DeleteFunc(m.frames, func(seq uint64) bool { return seq == old })
	m.reserved = true
	return true
}

func (m *model) write(slots uint64) bool {
	if !m.reserve(slots) {
		return false
	}
	m.reserved = false
	m.newest++
	m.frames = append(m.frames, m.newest)
	return true
}

func (m *model) there(seq uint64) bool {
	return slices.Contains(m.frames, seq) && seq >= m.first
}

func (m *model) pin(seq uint64) bool {
	if !m.there(seq) {
		return false
	}
	m.pinned = seq
	return true
}
