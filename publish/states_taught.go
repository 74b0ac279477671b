package publish

import "slices"

// The messages of taught actions come and go while edged runs. A message that is unwanted is removed at the broker: now, and again by
// every new connection, since a removal may not have arrived.

// addTaught adds the messages of a taught action. All are unwanted until switchTopics.
func (s *states) addTaught(v *ViewTopics, label string) *ActionTopics {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := v.publisher.topics
	a := &ActionTopics{
		view: v, label: label, quoted: quote(label),
		state:     s.insertUnwanted(t.of(v.path, label, "state")),
		threshold: s.insertUnwanted(t.of(v.path, label, "threshold/state")),
		shadow:    s.insertUnwanted(t.of(v.path, label, "shadow")),
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

// removeTaught removes what addTaught has added.
func (s *states) removeTaught(v *ViewTopics, label string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := v.actions[label]
	delete(v.actions, label)
	before := len(s.all)
	s.all = slices.DeleteFunc(s.all, func(r *retained) bool { return r == a.state || r == a.threshold || r == a.shadow })
	s.ofViews -= before - len(s.all)
}

// switchTopics says which messages of a taught action the broker must have: its state and threshold, its shadow, or none.
func (s *states) switchTopics(a *ActionTopics, live, shadow bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.want(a.state, live, off)
	s.want(a.threshold, live, "")
	s.want(a.shadow, shadow, off)
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
