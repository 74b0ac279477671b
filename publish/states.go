package publish

import (
	"slices"
	"sync"
	"time"
)

// states holds everything of which subscribers need only the newest value: the retained messages, the scores of each view and the
// statistics. A new value replaces one that has not been sent yet, so the number of cameras, views and labels bounds the memory.
type states struct {
	wake    func()                   // tells the connection that a message waits
	cameras map[string]*CameraTopics // by name
	views   map[string]*ViewTopics   // by path

	mu   sync.Mutex
	node *retained // the node's status: "online"
	// removal and discovery share Home Assistant's topic. A removal, if there is one, must arrive before the discovery.
	removal, discovery *retained
	// all is in the order in which a new connection announces the messages: Home Assistant, views, cameras, node. Subscribers
	// trust states only while camera and node are online, so they never act on states of an earlier connection.
	all []*retained
	// descriptions counts what Home Assistant was to be told, and told is the last of these that it knows.
	descriptions, told int
	ofViews            int         // all[:ofViews] are before those of cameras and node
	urgent             []*retained // waiting; sent in turn with the events, oldest change first
	bulky              []*retained // waiting; may be large, so they are sent only when no event waits

	scored        []*ViewTopics // views whose scores wait, oldest first
	stats         []byte        // waiting; empty = nothing waits
	connected     bool          // without a connection scores are dropped: nobody needs old ones
	scoresSkipped uint64        // windows that were never sent
}

// retained is one retained message.
type retained struct {
	topic string
	value []byte // empty: not known yet, so nothing is sent
	// encode makes the value anew when the message leaves, because it holds times: the clock may be set meanwhile. nil: the value stays.
	encode  func(dst []byte) []byte
	waiting bool // is in states.urgent or states.bulky

	// unwanted: the broker must not have this message now, so every connection removes it there, by an empty one.
	unwanted bool
	// stale: nobody writes the message any more. It is only there to be removed.
	stale bool
	// described: Home Assistant takes this message only once it knows the newest description.
	described bool

	// maxFailures is how many failures in a row end the attempts to send this message. Messages that may be too large for the
	// broker or the uplink have such a limit, since each failure costs the connection. 0 = the message is small: no limit.
	maxFailures int
	failures    int

	// once means that a new connection does not send the value again after the broker has acknowledged it, because it tells of
	// something that happens once.
	once, acknowledged bool
}

// isToldAgain reports whether a new connection sends the message's value.
func (r *retained) isToldAgain() bool { return len(r.value) > 0 && (!r.once || !r.acknowledged) }

func (r *retained) isBulky() bool   { return r.maxFailures > 0 }
func (r *retained) isGivenUp() bool { return r.isBulky() && r.failures >= r.maxFailures }

const (
	online, offline = "online", "offline"
	on, off         = "ON", "OFF"
)

func newStates(t topics, cameras []Camera, wake func()) *states {
	s := &states{wake: wake, cameras: map[string]*CameraTopics{}, views: map[string]*ViewTopics{}}
	s.removal, s.discovery = s.add(t.discovery, ""), s.add(t.discovery, "")
	s.removal.maxFailures, s.discovery.maxFailures = 3, 3
	for _, c := range cameras {
		for _, path := range c.Paths() {
			s.addView(t, c, path)
		}
	}
	s.ofViews = len(s.all)
	for _, c := range cameras {
		s.cameras[c.Name] = &CameraTopics{states: s, status: s.add(t.of(c.Name, "status"), offline)}
	}
	s.node = s.add(t.status, online)
	s.urgent = make([]*retained, 0, len(s.all))
	s.scored = make([]*ViewTopics, 0, len(s.views))
	return s
}

func (s *states) add(topic, value string) *retained {
	r := &retained{topic: topic, value: []byte(value)}
	s.all = append(s.all, r)
	return r
}

func (s *states) addView(t topics, c Camera, path string) {
	v := newViewTopics(s, t, c, path)
	for i, label := range c.actions() {
		a := &ActionTopics{view: v, label: label, quoted: quote(label), state: s.add(t.of(path, label, "state"), off)}
		if v.actions[label] = a; i == 0 {
			v.echoed = a.state
		}
	}
	for _, label := range c.scored() {
		v.actions[label].threshold = s.add(t.of(path, label, "threshold/state"), "")
	}
	s.addZones(t, c, v)
	v.enabled = s.add(t.of(path, "enabled/state"), "")
	v.last = s.add(t.of(path, "last"), "")
	v.last.encode = func(dst []byte) []byte {
		p := v.publisher
		return p.encoder.append(dst, &v.lastEvent, v.lastAction, p.now())
	}
	v.teaching.state, v.teaching.setTopic = s.add(t.of(path, "teach/state"), ""), t.of(path, "teach/set")
	v.teaching.state.described = true
	if c.Snapshots {
		v.snapshot = s.add(t.of(path, "snapshot"), "")
		v.snapshot.maxFailures = 1 // the next picture may be smaller
	}
	s.views[path] = v
}

// action returns the topics of a view's action, or nil if the configuration has no such view or label.
func (s *states) action(path, label string) *ActionTopics {
	if v := s.views[path]; v != nil {
		return v.action(label)
	}
	return nil
}

// actionOf returns where an event belongs that waited, or nil. What another model has recognised is published, too, for as long as its view exists.
func (s *states) actionOf(q *queued) *ActionTopics {
	a, v := s.action(q.View, q.Label), s.views[q.View]
	if a != nil || v == nil || v.model == "" || q.Model.SHA256 == "" || q.Model.SHA256 == v.model {
		return a
	}
	return &ActionTopics{view: v, label: q.Label, quoted: quote(q.Label)}
}

// action returns the topics of the view's action, or nil.
func (v *ViewTopics) action(label string) *ActionTopics {
	v.states.mu.Lock()
	defer v.states.mu.Unlock()
	return v.actions[label]
}

// set gives the message a value, and sends it if it differs from the last one or could not be sent.
func set[T string | []byte](s *states, r *retained, value T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.unwanted || string(r.value) == string(value) && r.failures == 0 {
		return
	}
	r.value, r.failures, r.acknowledged = append(r.value[:0], value...), 0, false
	if s.isHeld(r) {
		return
	}
	s.enqueue(r)
}

// setEncoded has change note under the lock what the message says, and has the message encoded.
func (s *states) setEncoded(r *retained, change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	r.value = r.encode(r.value[:0])
	r.failures, r.acknowledged = 0, false
	if !s.isHeld(r) {
		s.enqueue(r)
	}
}

// hasLast reports whether this process knows the view's last action.
func (s *states) hasLast(v *ViewTopics) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(v.last.value) > 0
}

// replace changes the message's value without sending it.
func (s *states) replace(r *retained, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.value = append(r.value[:0], value...)
}

// described returns what the next description for Home Assistant, or the removal before it, says.
func (s *states) described(r *retained) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(r.value)
}

// resend sends the message's value again.
func (s *states) resend(r *retained) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enqueue(r)
}

// resendDiscovery sends Home Assistant's message again, after the removal if there is one.
func (s *states) resendDiscovery() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.removal.value) > 0 && !s.removal.waiting {
		s.bulky = slices.DeleteFunc(s.bulky, func(r *retained) bool { return r == s.discovery })
		s.discovery.waiting = false
		s.enqueue(s.removal)
	}
	s.enqueue(s.discovery)
}

// enqueue puts the message into its queue, unless it waits there already or was given up.
func (s *states) enqueue(r *retained) {
	if r.waiting || r.isGivenUp() {
		return
	}
	r.waiting = true
	if r.isBulky() {
		s.bulky = append(s.bulky, r)
	} else {
		s.urgent = append(s.urgent, r)
	}
	s.wake()
}

// setScores takes a window's scores, unless the view's last window was taken less than the interval ago.
func (s *states) setScores(v *ViewTopics, w window, interval time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.tookWindow && w.time-v.lastTaken < interval && w.time >= v.lastTaken {
		return
	}
	v.tookWindow, v.lastTaken = true, w.time
	if !s.connected {
		s.scoresSkipped++
		return
	}
	v.window.n, v.window.time = w.n, w.time
	copy(v.window.scores, w.scores)
	if v.windowWaits {
		s.scoresSkipped++
		return
	}
	v.windowWaits = true
	s.scored = append(s.scored, v)
	s.wake()
}

func (s *states) setStats(json []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats = append(s.stats[:0], json...)
	s.wake()
}

// skipped returns how many windows were never sent.
func (s *states) skipped() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scoresSkipped
}

func choose(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
