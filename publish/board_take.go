package publish

import "slices"

// The methods in this file belong to the connection: they take from the board what is to be sent next.

// connect starts a connection's view of the board: all of it is sent anew, in its own order.
func (b *board) connect() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.connected = true
	b.changed, b.late = b.changed[:0], b.late[:0]
	for _, r := range b.all {
		r.waiting = false
		if len(r.value) > 0 {
			b.wait(r)
		}
	}
}

// disconnect ends it. Scores that wait are skipped.
func (b *board) disconnect() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.connected = false
	for _, v := range b.scored {
		v.waiting = false
		b.scoresSkipped++
	}
	b.scored = b.scored[:0]
}

// next takes the retained message that waits longest in the queue, changed or late, and appends what it holds to dst.
func (b *board) next(queue *[]*retained, dst []byte) (r *retained, value []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(*queue) == 0 {
		return nil, dst
	}
	r = (*queue)[0]
	*queue = slices.Delete(*queue, 0, 1)
	r.waiting = false
	return r, append(dst, r.value...)
}

// told records that the broker has what r held, or that it failed, and says whether r is given up. What was set meanwhile has
// tries of its own.
func (b *board) told(r *retained, ok bool) (givenUp bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case ok:
		r.failures = 0
	case !r.waiting:
		r.failures++
	}
	return r.givenUp()
}

// nextScores takes the window that waits longest. Its scores are copied to dst.
func (b *board) nextScores(dst []float32) (*view, window, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.scored) == 0 {
		return nil, window{}, false
	}
	v := b.scored[0]
	b.scored = slices.Delete(b.scored, 0, 1)
	v.waiting = false
	dst = append(dst[:0], v.window.scores...)
	return v, window{n: v.window.n, time: v.window.time, scores: dst}, true
}

// nextStats appends the waiting statistics to dst.
func (b *board) nextStats(dst []byte) ([]byte, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.stats) == 0 {
		return dst, false
	}
	dst = append(dst, b.stats...)
	b.stats = b.stats[:0]
	return dst, true
}
