package publish

import (
	"slices"
	"strings"
	"time"
)

// The messages of taught actions come and go while edged runs. A message that is unwanted is removed at the broker: now, and again by
// every new connection, since a removal may not have arrived.

// addTaught adds the messages of a taught action. All are unwanted until switchTopics.
func (s *states) addTaught(v *ViewTopics, label string) *ActionTopics {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := v.publisher.topics
	s.forgetStale(t.of(v.path, label) + "/")
	for name := range v.zones {
		s.forgetStale(t.of(v.path, zoneLevel, name, label) + "/")
	}
	a := &ActionTopics{
		view: v, label: label, quoted: quote(label),
		state:     s.insertUnwanted(t.of(v.path, label, "state")),
		threshold: s.insertUnwanted(t.of(v.path, label, "threshold/state")),
		shadow:    s.insertUnwanted(t.of(v.path, label, "shadow")),
	}
	for name, z := range v.zones {
		z.labels[label] = s.insertUnwanted(t.of(v.path, zoneLevel, name, label, "state"))
		a.inZones = append(a.inZones, z.labels[label])
	}
	v.actions[label] = a
	return a
}

// insertUnwanted adds a message before those of cameras and node, since a connection announces these last.
func (s *states) insertUnwanted(topic string) *retained {
	r := &retained{topic: topic, unwanted: true}
	s.all = slices.Insert(s.all, s.ofViews, r)
	s.ofViews++
	return r
}

// maxStale bounds the messages that are only removed: a model of 400 labels has fewer.
const maxStale = 1000

// discard removes the messages of topics that an earlier configuration had, and that nobody writes any more.
func (s *states) discard(topics []string, prefix string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, stale := make(map[string]bool, len(s.all)), 0
	for _, r := range s.all {
		known[r.topic] = true
		if r.stale {
			stale++
		}
	}
	for _, topic := range topics {
		if strings.HasPrefix(topic, prefix) && !known[topic] && stale < maxStale {
			r := s.insertUnwanted(topic)
			r.stale, known[topic] = true, true
			stale++
			s.enqueue(r)
		}
	}
}

// forgetStale drops what discard has added under the prefix: somebody writes there again. The caller holds mu.
func (s *states) forgetStale(prefix string) {
	gone := func(r *retained) bool { return r.stale && strings.HasPrefix(r.topic, prefix) }
	s.deleteOfViews(gone)
	s.urgent = slices.DeleteFunc(s.urgent, gone)
}

// deleteOfViews deletes messages of views. The caller holds mu.
func (s *states) deleteOfViews(gone func(*retained) bool) {
	before := len(s.all)
	s.all = slices.DeleteFunc(s.all, gone)
	s.ofViews -= before - len(s.all)
}

// removeTaught removes what addTaught has added.
func (s *states) removeTaught(v *ViewTopics, label string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := v.actions[label]
	delete(v.actions, label)
	for _, z := range v.zones {
		delete(z.labels, label)
	}
	s.deleteOfViews(func(r *retained) bool {
		return r == a.state || r == a.threshold || r == a.shadow || slices.Contains(a.inZones, r)
	})
}

// switchTopics says which messages of a taught action the broker must have: its state and threshold, its shadow, or none.
func (s *states) switchTopics(a *ActionTopics, live, shadow bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.want(a.state, live, off)
	s.want(a.threshold, live, "")
	s.want(a.shadow, shadow, off)
	for _, r := range a.inZones {
		s.want(r, live, off)
	}
}

// want has the broker keep the message, which then has the first value, or remove it.
func (s *states) want(r *retained, wanted bool, first string) {
	if r.unwanted != wanted {
		return
	}
	r.unwanted, r.value, r.failures = !wanted, append(r.value[:0], first...), 0
	if !wanted {
		r.value = r.value[:0]
	}
	if len(r.value) > 0 || r.unwanted {
		s.enqueue(r)
	}
}

// Home Assistant needs a moment to take over a description. It drops a state that the former description does not have, such as the selection of
// an action that is new. So what was taught is sent a moment after the description, and once more, in case that Home Assistant is slow.
const (
	describedWithin = 300 * time.Millisecond
	describedAtLast = 5 * time.Second
)

// hold has the messages that need the newest description wait until Home Assistant knows it.
func (s *states) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.discovery.isGivenUp() {
		s.descriptions++
	}
}

func (s *states) isHeld(r *retained) bool { return r.described && s.told != s.descriptions }

// releaseLater sends what waits for description number n. The caller holds mu.
func (s *states) releaseLater(n int) {
	if s.told == n {
		return
	}
	for _, wait := range []time.Duration{describedWithin, describedAtLast} {
		time.AfterFunc(wait, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.release(n)
		})
	}
}

// release sends what waits for description number n, unless there is a newer one. The caller holds mu.
func (s *states) release(n int) {
	if s.descriptions != n {
		return
	}
	s.told = n
	for _, r := range s.all {
		if r.described && len(r.value) > 0 {
			s.enqueue(r)
		}
	}
}
