package record

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"

	"edged/internal/pictures"
)

// ring holds a camera's newest pictures in bounded memory, so that a clip can begin before its event was known. It is the consumer of
// a pictures.Feed: one goroutine at a time puts pictures in. Any number read, each at its own pace; nobody waits for them.
//
// Pictures lie in one piece of memory, one after the other. Where there is room at its beginning they go on there, so that not much more
// of it is touched than keep asks for. Only where none of them fits any more the oldest makes room.
type ring struct {
	keep  time.Duration // older pictures make room for newer ones, unless a clip that is being written still needs them
	every time.Duration // between two pictures that cost an encoding

	mu         sync.Mutex // guards what follows, but not the bytes of pictures that are pinned or being written
	memory     []byte
	entries    []entry    // picture n is entries[n%len(entries)]
	first      uint64     // the oldest picture
	next       uint64     // the number of the next picture
	head       int        // where the next picture goes
	used       int        // bytes of memory that ever held something
	readings   []*reading // of clips that are being written
	filling    bool       // a picture is being put in
	blocked    []entry    // erased pictures that are still being read: nothing may go where they are
	generation uint64     // counts wipes
	dropped    uint64     // pictures that found no room
	squeezed   bool       // pictures younger than keep had to make room
}

// entry is where a picture lies.
type entry struct {
	n            uint64
	offset, size int
	at           time.Duration
	opening      uint64 // of the camera
	pins         int
}

// maxPictures bounds a ring beside its memory: more than two minutes at 30 a second.
const maxPictures = 4096

func newRing(memory int, keep, every time.Duration) *ring {
	r := &ring{memory: allocate(memory), entries: make([]entry, maxPictures), keep: keep, every: every}
	runtime.AddCleanup(r, release, r.memory)
	return r
}

func (r *ring) at(n uint64) *entry { return &r.entries[n%uint64(len(r.entries))] }

// Due implements pictures.Consumer.
func (r *ring) Due(t time.Duration, encoded bool) bool {
	if !encoded {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.first == r.next {
		return true
	}
	last := r.at(r.next - 1).at
	return t < last || t-last >= r.every-r.every/8
}

// Picture implements pictures.Consumer.
func (r *ring) Picture(p pictures.Picture) {
	offset, ok := r.reserve(len(p.JPEG), p.Time)
	if !ok {
		return
	}
	copy(r.memory[offset:], p.JPEG)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.filling = false
	*r.at(r.next) = entry{n: r.next, offset: offset, size: len(p.JPEG), at: p.Time, opening: p.Opening}
	r.next++
}

// reserve finds room for a picture. It returns false, and counts, if there is none.
func (r *ring) reserve(size int, t time.Duration) (offset int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if size > len(r.memory) {
		r.dropped++
		return 0, false
	}
	r.expire(t)
	for {
		if offset, ok = r.room(size); ok {
			r.head = offset + size
			r.used = max(r.used, r.head)
			r.filling = true
			return offset, true
		}
		if r.first == r.next || r.at(r.first).pins > 0 {
			r.dropped++
			return 0, false
		}
		r.squeezed = r.squeezed || t-r.at(r.first).at < r.keep
		r.first++
	}
}

// expire drops pictures that no clip can need any more.
func (r *ring) expire(t time.Duration) {
	if r.next-r.first == uint64(len(r.entries)) && r.at(r.first).pins == 0 {
		r.first++
	}
	for unread := r.unread(); r.first < unread && r.at(r.first).pins == 0; {
		if at := r.at(r.first).at; at <= t && t-at <= r.keep {
			return
		}
		r.first++
	}
}

// unread returns the oldest picture that a clip still has to read.
func (r *ring) unread() uint64 {
	oldest := r.next
	for _, g := range r.readings {
		oldest = min(oldest, g.next)
	}
	return oldest
}

// room returns where the next picture fits without touching another one: behind the newest one in memory that has been used before, at
// the beginning, or further on in memory.
func (r *ring) room(size int) (offset int, ok bool) {
	if r.next-r.first == uint64(len(r.entries)) {
		return 0, false
	}
	if r.head+size <= r.used && r.free(r.head, size) {
		return r.head, true
	}
	for _, offset := range [...]int{0, r.head, r.top()} {
		if r.free(offset, size) {
			return offset, true
		}
	}
	return 0, false
}

// free reports whether no picture lies there.
func (r *ring) free(offset, size int) bool {
	if offset+size > len(r.memory) {
		return false
	}
	for n := r.first; n < r.next; n++ {
		if r.at(n).overlaps(offset, size) {
			return false
		}
	}
	return !slices.ContainsFunc(r.blocked, func(e entry) bool { return e.overlaps(offset, size) })
}

func (e *entry) overlaps(offset, size int) bool {
	return e.offset < offset+size && offset < e.offset+e.size
}

// top is the end of the picture that lies furthest on.
func (r *ring) top() (end int) {
	for n := r.first; n < r.next; n++ {
		e := r.at(n)
		end = max(end, e.offset+e.size)
	}
	for _, e := range r.blocked {
		end = max(end, e.offset+e.size)
	}
	return end
}

// Wipe implements pictures.Consumer. A picture that is being read at this moment is erased as soon as it has been.
func (r *ring) Wipe() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wipe()
}

// eraseOld erases the pictures if the newest one is too old for any clip. Otherwise the pictures of a camera that sends no more would stay
// in memory until it comes back.
func (r *ring) eraseOld(now time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used > 0 && len(r.readings) == 0 && !r.filling && (r.first == r.next || now-r.at(r.next-1).at > r.keep) {
		r.wipe()
	}
}

// wipe erases all pictures. The caller holds mu.
func (r *ring) wipe() {
	for n := r.first; n < r.next; n++ {
		if e := r.at(n); e.pins > 0 {
			r.blocked = append(r.blocked, *e)
		}
	}
	slices.SortFunc(r.blocked, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	at := 0
	for _, e := range r.blocked {
		clear(r.memory[at:e.offset])
		at = e.offset + e.size
	}
	clear(r.memory[at:max(at, r.used)])
	r.generation++
	r.first, r.head, r.used = r.next, 0, at
}

// unblock notes that one of its readers has finished with an erased picture. The last one erases it. The caller holds mu.
func (r *ring) unblock(n uint64) {
	i := slices.IndexFunc(r.blocked, func(e entry) bool { return e.n == n })
	e := &r.blocked[i]
	if e.pins--; e.pins == 0 {
		clear(r.memory[e.offset : e.offset+e.size])
		r.blocked = slices.Delete(r.blocked, i, i+1)
	}
}

// reading is one clip's place in the ring.
type reading struct {
	ring       *ring
	next       uint64
	generation uint64
	lost       int // pictures that left the ring before they were read
}

// read begins at the first picture that is not older than from. Until close, age drops no picture that was not read yet.
func (r *ring) read(from time.Duration) *reading {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := &reading{ring: r, next: r.first, generation: r.generation}
	for g.next < r.next && r.at(g.next).at < from {
		g.next++
	}
	r.readings = append(r.readings, g)
	return g
}

func (g *reading) close() {
	g.ring.mu.Lock()
	defer g.ring.mu.Unlock()
	g.ring.readings = slices.DeleteFunc(g.ring.readings, func(other *reading) bool { return other == g })
}

// state says what reading.peek found.
type state int

const (
	got     state = iota
	waiting       // there is no newer picture yet
	wiped         // the pictures were erased: the clip ends here
)

// peek describes the next picture, and counts those that were lost before it.
func (g *reading) peek() (entry, state) {
	g.ring.mu.Lock()
	defer g.ring.mu.Unlock()
	return g.look()
}

func (g *reading) look() (entry, state) {
	r := g.ring
	if g.generation != r.generation {
		return entry{}, wiped
	}
	if g.next < r.first {
		g.lost += int(r.first - g.next)
		g.next = r.first
	}
	if g.next == r.next {
		return entry{}, waiting
	}
	return *r.at(g.next), got
}

// append appends the picture that peek has described to dst, and goes on to the next one. Unless the state is got, the picture has
// left the ring since, and peek must be called again.
func (g *reading) append(dst []byte, e entry) ([]byte, state) { return g.appendThen(dst, e, 1) }

// copy returns a copy of the picture that peek has described, and stays at it.
func (g *reading) copy(e entry) ([]byte, state) { return g.appendThen(nil, e, 0) }

// appendThen goes on by so many pictures. The ring's lock is not held while bytes are copied.
func (g *reading) appendThen(dst []byte, e entry, goOn uint64) ([]byte, state) {
	r := g.ring
	r.mu.Lock()
	if now, s := g.look(); s != got || now.n != e.n {
		r.mu.Unlock()
		return dst, waiting
	}
	n, picture := e.n, r.memory[e.offset:e.offset+e.size]
	r.at(n).pins++
	r.mu.Unlock()

	before := len(dst)
	dst = append(dst, picture...)

	r.mu.Lock()
	defer r.mu.Unlock()
	if g.generation != r.generation {
		r.unblock(n)
		clear(dst[before:])
		return dst[:before], wiped
	}
	g.next += goOn
	r.at(n).pins--
	return dst, got
}

// span is how far back the pictures in the ring reach, and whether memory was too small for keep.
func (r *ring) span() (held time.Duration, squeezed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.first == r.next {
		return 0, r.squeezed
	}
	return r.at(r.next-1).at - r.at(r.first).at, r.squeezed
}

// resume goes on after a wipe.
func (g *reading) resume() {
	g.ring.mu.Lock()
	defer g.ring.mu.Unlock()
	g.generation, g.next = g.ring.generation, g.ring.first
}

// skip leaves a picture out that no player could show.
func (g *reading) skip() {
	g.ring.mu.Lock()
	defer g.ring.mu.Unlock()
	g.next++
	g.lost++
}

// lost is how many pictures found no room.
func (r *ring) lost() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}
