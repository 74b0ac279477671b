package publish

import "slices"

// The methods in this file belong to the connection: they take from the board what is to be sent next.

// connect starts a connection's view of the board: nothing that changed before matters, since all of it is sent at first.
func (b *board) connect() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.connected = true
	for _, r := range b.changed {
		r.waiting = false
	}
	b.changed = b.changed[:0]
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

// value appends to dst what r holds now.
func (b *board) value(dst []byte, r *retained) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(dst, r.value...)
}

// nextChanged takes the retained message that waits longest, and appends what it holds to dst.
func (b *board) nextChanged(dst []byte) (topic string, value []byte, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.changed) == 0 {
		return "", dst, false
	}
	r := b.changed[0]
	b.changed = slices.Delete(b.changed, 0, 1)
	r.waiting = false
	return r.topic, append(dst, r.value...), true
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
