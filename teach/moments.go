package teach

import (
	"sort"
	"time"
)

// moment is a window of the last minutes. Its embedding lies in the ring's memory.
type moment struct {
	time   time.Duration
	track  uint64
	motion float32
	score  float32 // of the label
	label  int32   // the model's best
	taken  bool    // an example, a question or a counter-example lies near: it is no ordinary life
}

const (
	// momentsAge is how long windows are kept.
	momentsAge = 10 * time.Minute
	// momentsBytes bounds the windows of a view. Ten minutes of the starter model take 3 MB; a view that follows several targets gets fewer minutes.
	momentsBytes = 4 << 20
	// momentOverhead is the bytes of a moment beside its embedding.
	momentOverhead = 48
)

// moments is a ring of windows. Its owner guards it. It allocates nothing after start.
type moments struct {
	packed  int // bytes of an embedding
	entries []moment
	memory  []byte
	first   uint64 // number of the oldest
	next    uint64 // number of the next one
}

func newMoments(size, targets int, interval time.Duration, bytes int) *moments {
	n := bytes / (packedSize(size) + momentOverhead)
	if interval > 0 {
		n = min(n, max(1, targets)*int(momentsAge/interval)+1)
	}
	n = max(n, 2)
	return &moments{packed: packedSize(size), entries: make([]moment, n), memory: make([]byte, n*packedSize(size))}
}

func (m *moments) len() int { return int(m.next - m.first) }

func (m *moments) at(n uint64) *moment { return &m.entries[n%uint64(len(m.entries))] }

func (m *moments) embedding(n uint64) []byte {
	at := int(n%uint64(len(m.entries))) * m.packed
	return m.memory[at : at+m.packed]
}

// add keeps a window. Leave receives, before they are overwritten, the windows that are too old or for which there is no room.
func (m *moments) add(w moment, e Embedding, leave func(n uint64)) {
	m.expire(w.time, leave)
	if m.len() == len(m.entries) {
		leave(m.first)
		m.first++
	}
	if pack(m.embedding(m.next), e) {
		*m.at(m.next) = w
		m.next++
	}
}

// expire drops the windows that are too old at a time.
func (m *moments) expire(now time.Duration, leave func(n uint64)) {
	for m.first < m.next && now-m.at(m.first).time > momentsAge {
		leave(m.first)
		clear(m.embedding(m.first))
		m.first++
	}
}

// between returns the numbers of the windows from one time to another: those from first up to, not including, end.
func (m *moments) between(from, until time.Duration) (first, end uint64) {
	search := func(beyond func(time.Duration) bool) uint64 {
		return m.first + uint64(sort.Search(m.len(), func(i int) bool { return beyond(m.at(m.first + uint64(i)).time) }))
	}
	return search(func(t time.Duration) bool { return t >= from }), search(func(t time.Duration) bool { return t > until })
}

// take marks the windows from one time to another, so that they never become ordinary life.
func (m *moments) take(from, until time.Duration) {
	for n, end := m.between(from, until); n < end; n++ {
		m.at(n).taken = true
	}
}

// wipe forgets everything and overwrites it.
func (m *moments) wipe() {
	clear(m.memory)
	clear(m.entries)
	m.first = m.next
}
