package teach

import (
	"encoding/binary"
	"time"
)

// A stretch is a few windows of ordinary life, one after the other, in fixed room: a header, then for each window its time since the first in
// milliseconds (uint16) and its embedding. Single windows would not do: whether an action fires depends on the windows before.
//
//	0  windows   uint8
//	1  kind      uint8
//	2  reserved
//	8  time of the first window, Unix milliseconds, int64
const (
	stretchWindows = 8
	stretchHeader  = 16
)

// kind tells stretches in which something moves from those in which nothing does. Each has its own share of the room: at night nothing moves for hours.
type kind uint8

const (
	still kind = iota
	moving
	kinds
)

// movingFrom is the share of the picture that changes, 0 to 1, from which something moves in a window.
const movingFrom = 0.005

type stretch []byte

func stretchBytes(packed int) int { return stretchHeader + stretchWindows*(2+packed) }

func (s stretch) len() int         { return int(s[0]) }
func (s stretch) kind() kind       { return kind(s[1]) }
func (s stretch) began() int64     { return int64(binary.LittleEndian.Uint64(s[8:])) }
func (s stretch) room() int        { return (len(s) - stretchHeader) / stretchWindows }
func (s stretch) row(i int) []byte { return s[stretchHeader+i*s.room():][:s.room()] }

// window returns the time of window i since the first, and its embedding.
func (s stretch) window(i int) (time.Duration, []byte) {
	row := s.row(i)
	return time.Duration(binary.LittleEndian.Uint16(row)) * time.Millisecond, row[2:]
}

// sound reports whether the stretch, read from a file, can be one.
func (s stretch) sound() bool {
	if s.len() < 1 || s.len() > stretchWindows || s.kind() >= kinds {
		return false
	}
	last := time.Duration(0)
	for i := range s.len() {
		t, e := s.window(i)
		if t < last || !soundPacked(e) {
			return false
		}
		last = t
	}
	return true
}

// writer makes a stretch of the windows that it is given.
type writer struct {
	stretch stretch
	track   uint64
	first   time.Duration
	last    time.Duration
}

func newWriter(packed int) *writer { return &writer{stretch: make(stretch, stretchBytes(packed))} }

// fits reports whether the window continues the stretch.
func (w *writer) fits(m *moment) bool {
	pause := m.time - w.last
	return w.stretch.len() == 0 || w.stretch.len() < stretchWindows && m.track == w.track && pause >= 0 && pause <= longestPause
}

// add adds a window that fits.
func (w *writer) add(m *moment, packed []byte, wall func(time.Duration) time.Time) {
	s := w.stretch
	if s.len() == 0 {
		w.first, w.track = m.time, m.track
		binary.LittleEndian.PutUint64(s[8:], uint64(wall(m.time).UnixMilli()))
		s[1] = byte(still)
	}
	row := s.row(s.len())
	binary.LittleEndian.PutUint16(row, uint16((m.time - w.first).Milliseconds()))
	copy(row[2:], packed)
	if m.motion >= movingFrom {
		s[1] = byte(moving)
	}
	w.last = m.time
	s[0]++
}

// reset begins a new stretch.
func (w *writer) reset() { clear(w.stretch) }
