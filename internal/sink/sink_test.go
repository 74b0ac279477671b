package sink

import (
	"testing"
	"time"
)

// starts counts the starts it is told of, and ignores the rest.
type starts struct {
	Ignore
	n int
}

func (s *starts) Event(e Event) {
	if e.Phase == Start {
		s.n++
	}
}

func TestListReachesEverySink(t *testing.T) {
	first, second := new(starts), new(starts)
	all := List{first, second}
	all.Event(Event{Phase: Start})
	all.Event(Event{Phase: End})
	all.Camera(Camera{Name: "gate"})
	if first.n != 1 || second.n != 1 {
		t.Errorf("%d and %d starts, want 1 and 1", first.n, second.n)
	}
}

func TestHandingOnAllocatesNothing(t *testing.T) {
	all, taps := List{new(starts)}, new(Taps)
	taps.Add(new(frames))
	scores, picture := []float32{0.5}, []byte{1}
	if n := testing.AllocsPerRun(100, func() {
		all.Event(Event{Phase: Update, Score: 0.5, Start: time.Second})
		all.Window(Window{Scores: scores})
		taps.Frame(Frame{Data: picture})
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestIDIsTheOneOfTheMessages(t *testing.T) {
	if got := (ID{Run: "5f1c09ab", N: 7}).String(); got != "5f1c09ab-7" {
		t.Errorf("got %q", got)
	}
}

// frames counts frames and wipes.
type frames struct{ n, wipes int }

func (f *frames) Frame(Frame) { f.n++ }
func (f *frames) Wipe()       { f.wipes++ }

func TestTapsComeAndGo(t *testing.T) {
	var taps Taps
	taps.Frame(Frame{}) // to nobody
	if taps.InUse() {
		t.Error("in use without a tap")
	}
	first, second := new(frames), new(frames)
	removeFirst, removeSecond := taps.Add(first), taps.Add(second)
	taps.Frame(Frame{})
	removeFirst()
	removeFirst() // the second time there is nothing to remove
	taps.Frame(Frame{})
	taps.Wipe()
	removeSecond()
	taps.Frame(Frame{})
	if first.n != 1 || second.n != 2 || first.wipes != 0 || second.wipes != 1 || taps.InUse() {
		t.Errorf("first %+v, second %+v, in use %t", *first, *second, taps.InUse())
	}
}
