package publish

import "slices"

// The connection calls the methods in this file, to take out what it sends next.

// connect prepares a new connection: every message that has a value waits again, in the order of announcement.
func (s *states) connect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connected = true
	s.urgent, s.bulky = s.urgent[:0], s.bulky[:0]
	for _, r := range s.all {
		r.waiting = false
		if (r.isToldAgain() || r.unwanted) && !s.isHeld(r) {
			s.enqueue(r)
		}
	}
}

// disconnect ends the connection. Waiting scores are dropped.
func (s *states) disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connected = false
	for _, v := range s.scored {
		v.windowWaits = false
		s.scoresSkipped++
	}
	s.scored = s.scored[:0]
}

// takeNext removes the oldest message from the queue, urgent or bulky, and appends its value to dst. It returns nil if none waits.
func (s *states) takeNext(queue *[]*retained, dst []byte) (r *retained, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(*queue) == 0 {
		return nil, dst
	}
	r = (*queue)[0]
	*queue = slices.Delete(*queue, 0, 1)
	r.waiting = false
	if r.encode != nil && len(r.value) > 0 {
		r.value = r.encode(r.value[:0])
	}
	return r, append(dst, r.value...)
}

// largest returns the size of the largest packet that a message needs now, about.
func (s *states) largest() (bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.all {
		bytes = max(bytes, 8+len(r.topic)+len(r.value))
	}
	return bytes
}

// recordSent records that the broker has acknowledged the message.
func (s *states) recordSent(r *retained) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.failures = 0
	r.acknowledged = !r.waiting // else a newer value has come
	if r == s.discovery && !r.waiting {
		s.releaseLater(s.descriptions)
	}
}

// recordFailure records that sending failed, and reports whether the message is given up. A failure does not count against a
// newer value that waits by now.
func (s *states) recordFailure(r *retained) (givenUp bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.waiting {
		r.failures++
	}
	if r == s.discovery && r.isGivenUp() {
		s.release(s.descriptions)
	}
	return r.isGivenUp()
}

// takeScores removes the window that has waited longest. Its scores are copied to dst.
func (s *states) takeScores(dst []float32) (*ViewTopics, window, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.scored) == 0 {
		return nil, window{}, false
	}
	v := s.scored[0]
	s.scored = slices.Delete(s.scored, 0, 1)
	v.windowWaits = false
	dst = append(dst[:0], v.window.scores...)
	return v, window{n: v.window.n, time: v.window.time, scores: dst}, true
}

// takeStats appends the waiting statistics to dst and removes them.
func (s *states) takeStats(dst []byte) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.stats) == 0 {
		return dst, false
	}
	dst = append(dst, s.stats...)
	s.stats = s.stats[:0]
	return dst, true
}
