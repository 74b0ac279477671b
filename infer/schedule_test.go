package infer

import (
	"slices"
	"testing"

	"edged/ringbuffer"
)

func TestScheduleFollows(t *testing.T) {
	last := ringbuffer.Frame{Epoch: 3, Tick: 100}
	for _, c := range []struct {
		what    string
		frame   ringbuffer.Frame
		missing int
		ok      bool
	}{
		{"next tick", ringbuffer.Frame{Epoch: 3, Tick: 101}, 0, true},
		{"one tick missing", ringbuffer.Frame{Epoch: 3, Tick: 102}, 1, true},
		{"two ticks missing", ringbuffer.Frame{Epoch: 3, Tick: 103}, 0, false},
		{"same tick", ringbuffer.Frame{Epoch: 3, Tick: 100}, 0, false},
		{"back in time", ringbuffer.Frame{Epoch: 3, Tick: 1}, 0, false},
		{"next tick of another epoch", ringbuffer.Frame{Epoch: 4, Tick: 101}, 0, false},
	} {
		s := newSchedule(4, 1)
		s.take(last)
		if missing, ok := s.follows(c.frame); missing != c.missing || ok != c.ok {
			t.Errorf("%s: missing %d, follows %t; want %d, %t", c.what, missing, ok, c.missing, c.ok)
		}
	}
	if _, ok := newSchedule(4, 1).follows(ringbuffer.Frame{Tick: 77}); !ok {
		t.Error("the first frame of all is refused")
	}
}

func TestScheduleDue(t *testing.T) {
	for _, c := range []struct {
		stride int
		want   []int // at which frames, counted from 1
	}{
		{1, []int{4, 5, 6, 7, 8, 9, 10}},
		{3, []int{4, 7, 10}},
		{8, []int{4}},
	} {
		s := newSchedule(4, c.stride)
		var got []int
		for i := 1; i <= 10; i++ {
			s.take(ringbuffer.Frame{Tick: int64(i)})
			if s.due() {
				s.skipStride()
				got = append(got, i)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("stride %d: windows at frames %v, want %v", c.stride, got, c.want)
		}
	}
}

func TestScheduleIsFullAgainAfterAGap(t *testing.T) {
	s := newSchedule(3, 1)
	for i := range 5 {
		s.take(ringbuffer.Frame{Tick: int64(i)})
	}
	s.empty()
	if s.due() {
		t.Error("due without a frame")
	}
	for i, want := range []bool{false, false, true} {
		s.take(ringbuffer.Frame{Tick: int64(100 + i)})
		if got := s.due(); got != want {
			t.Errorf("frame %d after the gap: due %t", i+1, got)
		}
	}
}
