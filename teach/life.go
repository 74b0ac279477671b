package teach

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// lifeBytes bounds the ordinary life of a view.
	lifeBytes = 8 << 20
	// fading is how many times the room of the sample counts for everything that came before. So a new stretch gets a place with a chance of at least
	// one in so many, and what a camera saw before somebody moved it fades.
	fading = 200
	// mostWriters is how many targets at a time get stretches of their own. Of more, the stretches are shorter.
	mostWriters = 8
)

// shares of the room for each kind of stretch, in percent.
var shares = [kinds]int{still: 25, moving: 75}

// life is a random sample of ordinary life: of what happens while nobody teaches anything. Its owner guards it.
type life struct {
	packed  int // bytes of an embedding
	kinds   [kinds]reservoir
	random  *rand.Rand
	writers []*writer     // of targets that are there at the same time; one where nothing is followed
	watched time.Duration // how long windows came
}

// reservoir is the sample of one kind: each stretch of those seen has the same chance to be in it (Vitter's algorithm R), but for fading.
type reservoir struct {
	most      int
	stretches []stretch
	seen      uint64
	changed   []bool // since the file was written, by place
}

func newLife(size, bytes int) *life {
	l := &life{packed: packedSize(size), random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))} //nolint:gosec // no secret
	for k := range l.kinds {
		most := max(1, bytes*shares[k]/100/stretchBytes(l.packed))
		l.kinds[k] = reservoir{most: most, changed: make([]bool, most)}
	}
	return l
}

// add takes a window that has become ordinary life. Windows come in the order of time, those of several targets in turn.
func (l *life) add(m *moment, packed []byte, wall func(time.Duration) time.Time) {
	w := l.writerOf(m)
	if !w.fits(m) {
		l.offer(w)
	}
	w.add(m, packed, wall)
}

// writerOf returns the writer that the window's target has; else one that nobody needs any more.
func (l *life) writerOf(m *moment) (w *writer) {
	for _, w := range l.writers {
		if w.track == m.track && w.stretch.len() > 0 {
			return w
		}
	}
	for _, w := range l.writers {
		if w.stretch.len() == 0 || m.time-w.last > longestPause {
			return w
		}
	}
	if len(l.writers) < mostWriters {
		l.writers = append(l.writers, newWriter(l.packed))
		return l.writers[len(l.writers)-1]
	}
	return slices.MinFunc(l.writers, func(a, b *writer) int { return cmp.Compare(a.last, b.last) })
}

// finish offers the stretches so far to the sample.
func (l *life) finish() {
	for _, w := range l.writers {
		l.offer(w)
	}
}

// offer offers the writer's stretch to the sample, and begins a new one.
func (l *life) offer(w *writer) {
	if s := w.stretch; s.len() > 0 {
		l.kinds[s.kind()].offer(s, l.random)
		w.reset()
	}
}

// reset forgets the stretches so far.
func (l *life) reset() {
	for _, w := range l.writers {
		w.reset()
	}
}

// offer gives a copy of the stretch a place in the sample, perhaps that of another.
func (r *reservoir) offer(s stretch, random *rand.Rand) {
	r.seen++
	if len(r.stretches) < r.most {
		r.changed[len(r.stretches)] = true
		r.stretches = append(r.stretches, slices.Clone(s))
		return
	}
	if i := random.Uint64N(min(r.seen, fading*uint64(r.most))); i < uint64(r.most) {
		copy(r.stretches[i], s)
		r.changed[i] = true
	}
}

// drop removes the stretches that overlap a time, in Unix milliseconds: an example was found there.
func (l *life) drop(from, until int64) {
	l.reset()
	for k := range l.kinds {
		r := &l.kinds[k]
		for i := len(r.stretches) - 1; i >= 0; i-- {
			s := r.stretches[i]
			last, _ := s.window(s.len() - 1)
			if s.began() <= until && s.began()+last.Milliseconds() >= from {
				r.remove(i)
			}
		}
	}
}

// remove fills the place with the last stretch.
func (r *reservoir) remove(i int) {
	last := len(r.stretches) - 1
	r.stretches[i] = r.stretches[last]
	r.stretches = r.stretches[:last]
	r.changed[i], r.changed[last] = true, true
}
