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
	for _, c := range b.scored {
		c.waiting = false
		b.scoresSkipped++
	}
	b.scored = b.scored[:0]
}

// value returns what r holds now.
func (b *board) value(r *retained) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return r.value
}

// nextChanged takes the retained message that waits longest.
func (b *board) nextChanged() (topic, value string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.changed) == 0 {
		return "", "", false
	}
	r := b.changed[0]
	b.changed = slices.Delete(b.changed, 0, 1)
	r.waiting = false
	return r.topic, r.value, true
}

// nextScores takes the window that waits longest. Its scores are copied to dst.
func (b *board) nextScores(dst []float32) (*camera, window, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.scored) == 0 {
		return nil, window{}, false
	}
	c := b.scored[0]
	b.scored = slices.Delete(b.scored, 0, 1)
	c.waiting = false
	dst = append(dst[:0], c.window.scores...)
	return c, window{n: c.window.n, time: c.window.time, scores: dst}, true
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
