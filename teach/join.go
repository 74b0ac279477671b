package teach

import "time"

const (
	// joined embeddings stand side by side: a window's own, and that of the window a second before. What somebody does often takes longer than a
	// window, and its beginning tells it from what only ends the same way: docs/teaching.md has the numbers.
	joined = 2
	// before is how long ago the other window was, at least: a little less than a second, as windows come when the camera's frames do.
	before = 900 * time.Millisecond
	// mostBefore windows are remembered. Where more of them come in a second, the oldest of these serves.
	mostBefore = 16
)

// joiner joins the windows of one target. It allocates nothing after start.
type joiner struct {
	size  int
	track uint64
	count int // windows since the last gap
	times [mostBefore]time.Duration
	ring  []float32
	both  Embedding
}

func newJoiner(size int) *joiner {
	return &joiner{size: size, ring: make([]float32, mostBefore*size), both: make(Embedding, joined*size)}
}

// join returns the window's embedding and that of the window a second before, side by side; where nothing came before, its own twice. It is valid
// until the next call.
func (j *joiner) join(t time.Duration, e Embedding) Embedding {
	if j.count > 0 {
		if pause := t - j.times[(j.count-1)%mostBefore]; pause < 0 || pause > longestPause {
			j.count = 0
		}
	}
	at := j.count % mostBefore
	j.times[at] = t
	copy(j.ring[at*j.size:], e)
	j.count++
	copy(j.both, e)
	copy(j.both[j.size:], j.embedding(j.earlier(t)))
	return j.both
}

// earlier returns the number of the newest window that is long enough ago, or of the oldest one.
func (j *joiner) earlier(t time.Duration) int {
	oldest := max(0, j.count-mostBefore)
	for n := j.count - 1; n > oldest; n-- {
		if t-j.times[n%mostBefore] >= before {
			return n
		}
	}
	return oldest
}

func (j *joiner) embedding(n int) []float32 {
	at := n % mostBefore * j.size
	return j.ring[at : at+j.size]
}

// joiners are those of all targets of a view.
type joiners struct{ list []*joiner }

func newJoiners(size, targets int) *joiners {
	j := &joiners{}
	for range targets {
		j.list = append(j.list, newJoiner(size))
	}
	return j
}

// join joins a window of that target. A target that was not seen before takes the place of the one that was not seen for longest.
func (j *joiners) join(track uint64, t time.Duration, e Embedding) Embedding {
	chosen := j.list[0]
	for _, k := range j.list {
		if k.track == track && k.count > 0 {
			return k.join(t, e)
		}
		if k.last() < chosen.last() {
			chosen = k
		}
	}
	chosen.track, chosen.count = track, 0
	return chosen.join(t, e)
}

// last is when the target was last seen; before all times if never.
func (j *joiner) last() time.Duration {
	if j.count == 0 {
		return -1 << 62
	}
	return j.times[(j.count-1)%mostBefore]
}

// clear forgets what came before: the camera was away.
func (j *joiners) clear() {
	for _, k := range j.list {
		k.count = 0
	}
}

// Join returns the windows of one target with embeddings as heads judge them: each beside that of the window a second before.
func Join(windows []Window) []Window {
	if len(windows) == 0 {
		return nil
	}
	j := newJoiner(len(windows[0].Embedding))
	made := make([]Window, len(windows))
	for i, w := range windows {
		made[i] = Window{Time: w.Time, Embedding: append(Embedding(nil), j.join(w.Time, w.Embedding)...)}
	}
	return made
}
