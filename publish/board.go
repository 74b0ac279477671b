package publish

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// board holds the newest of everything of which only the newest matters. What is set before its predecessor has left replaces
// it, so the board's size is fixed by the number of cameras, views and labels.
type board struct {
	mu       sync.Mutex
	node     *retained            // the node's status while a connection lives
	statuses map[string]*retained // by camera
	views    map[string]*view     // by path
	// removal and discovery are what Home Assistant is told; removal, where it has a value, must come before.
	removal, discovery *retained

	// all is in the order in which a new connection sends them: Home Assistant, views, cameras, and last the node. Nobody takes
	// a state from before for one of now: they count when camera and node are online.
	all     []*retained
	changed []*retained // those to be sent among the events, oldest change first; never longer than all
	late    []*retained // those to be sent when no event waits, likewise
	scored  []*view     // views whose window is to be sent, oldest first; never longer than views
	stats   []byte      // to be sent; empty = nothing

	connected     bool   // scores are kept for a living connection only: old ones are of no use
	scoresSkipped uint64 // windows that were wanted and never left
}

// view is one view's part of the board.
type view struct {
	eventTopic  string
	scoresTopic string
	source      string            // "camera":NAME, and where it has one "view":NAME
	quoted      map[string]string // labels as JSON
	labels      []string          // the same in the model's order, each with a colon
	states      map[string]*retained
	thresholds  map[string]*retained
	enabled     *retained
	last        *retained
	snapshot    *retained // nil: the camera has none

	window    window        // the newest; its scores belong to the view
	waiting   bool          // the window is to be sent
	lastTaken time.Duration // time of the last window that was taken
	any       bool          // one was taken
}

// retained is one retained message.
type retained struct {
	topic   string
	value   []byte // empty: nothing is known, nothing is sent
	waiting bool   // is in board.changed or board.late

	// tries is how many failures in a row are enough to give the message up: one that may be too large for a broker or a slow
	// uplink must neither keep the events waiting nor break each new connection. 0: it is small, comes before the events, and is
	// never given up.
	tries    int
	failures int
}

func (r *retained) givenUp() bool { return r.tries > 0 && r.failures >= r.tries }

// window is the scores of one window.
type window struct {
	n      uint64
	time   time.Duration // capture of its newest frame, CLOCK_MONOTONIC
	scores []float32     // one for each label
}

// result says what became of something handed to the board.
type result int

const (
	nothing     result = iota // no change, or not wanted now
	toSend                    // the connection has something to send
	unknownName               // no such camera, view or label, or a window with another number of labels
)

const (
	online, offline = "online", "offline"
	on, off         = "ON", "OFF"
)

func newBoard(t topics, cameras []Camera) *board {
	b := &board{statuses: map[string]*retained{}, views: map[string]*view{}}
	b.removal, b.discovery = b.retain(t.discovery, ""), b.retain(t.discovery, "")
	b.removal.tries, b.discovery.tries = 3, 3
	for _, c := range cameras {
		for _, path := range c.Paths() {
			b.addView(t, c, path)
		}
	}
	for _, c := range cameras {
		b.statuses[c.Name] = b.retain(t.of(c.Name, "status"), offline)
	}
	b.node = b.retain(t.status, online)
	b.changed = make([]*retained, 0, len(b.all))
	b.scored = make([]*view, 0, len(b.views))
	return b
}

func (b *board) retain(topic, value string) *retained {
	r := &retained{topic: topic, value: []byte(value)}
	b.all = append(b.all, r)
	return r
}

func (b *board) addView(t topics, c Camera, path string) {
	v := &view{
		eventTopic: t.of(path, "event"), scoresTopic: t.of(path, "scores"), source: `"camera":` + quote(c.Name),
		quoted: map[string]string{}, states: map[string]*retained{}, thresholds: map[string]*retained{},
		window: window{scores: make([]float32, len(c.Labels))},
	}
	if name, ok := strings.CutPrefix(path, c.Name+"/"); ok {
		v.source += `,"view":` + quote(name)
	}
	for _, label := range c.Labels {
		v.quoted[label] = quote(label)
		v.labels = append(v.labels, v.quoted[label]+":")
	}
	for _, label := range c.actions() {
		v.states[label] = b.retain(t.of(path, label, "state"), off)
		v.thresholds[label] = b.retain(t.of(path, label, "threshold/state"), "")
	}
	v.enabled = b.retain(t.of(path, "enabled/state"), "")
	v.last = b.retain(t.of(path, "last"), "")
	if c.Snapshots {
		v.snapshot = b.retain(t.of(path, "snapshot"), "")
		v.snapshot.tries = 1 // the next one may be smaller
	}
	b.views[path] = v
}

// has says whether the view exists and can see the action.
func (b *board) has(path, label string) bool {
	v := b.views[path]
	return v != nil && v.states[label] != nil
}

func (b *board) setStatus(camera string, isOnline bool) result {
	return b.set(b.statuses[camera], choose(isOnline, online, offline))
}

func (b *board) setState(path, label string, isOn bool) result {
	if !b.has(path, label) {
		return unknownName
	}
	return b.set(b.views[path].states[label], choose(isOn, on, off))
}

func (b *board) setThreshold(path, label, value string) result {
	if !b.has(path, label) {
		return unknownName
	}
	return b.set(b.views[path].thresholds[label], value)
}

func (b *board) setEnabled(path string, isOn bool) result {
	if b.views[path] == nil {
		return unknownName
	}
	return b.set(b.views[path].enabled, choose(isOn, on, off))
}

func (b *board) setSnapshot(path string, jpeg []byte) result {
	if b.views[path] == nil || len(jpeg) == 0 {
		return unknownName
	}
	return set(b, b.views[path].snapshot, jpeg)
}

// setLast has the view's last action written by encode, under the board's lock and into its buffer. An old one is not written
// over another.
func (b *board) setLast(v *view, old bool, encode func(dst []byte) []byte) result {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old && len(v.last.value) > 0 {
		return nothing
	}
	v.last.value = encode(v.last.value[:0])
	return b.wait(v.last)
}

func (b *board) set(r *retained, value string) result { return set(b, r, value) }

func set[T string | []byte](b *board, r *retained, value T) result {
	if r == nil {
		return unknownName
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if string(r.value) == string(value) && r.failures == 0 {
		return nothing
	}
	r.value, r.failures = append(r.value[:0], value...), 0
	return b.wait(r)
}

// replace changes what r holds without sending it now.
func (b *board) replace(r *retained, value []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.value = append(r.value[:0], value...)
}

// resend sends again what r holds, after what must come before it.
func (b *board) resend(r *retained) result {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r == b.discovery && len(b.removal.value) > 0 && b.wait(b.removal) == toSend && r.waiting {
		b.late = slices.DeleteFunc(b.late, func(q *retained) bool { return q == r })
		r.waiting = false
	}
	return b.wait(r)
}

func (b *board) wait(r *retained) result {
	if r.waiting || r.givenUp() {
		return nothing
	}
	r.waiting = true
	if r.tries > 0 {
		b.late = append(b.late, r)
	} else {
		b.changed = append(b.changed, r)
	}
	return toSend
}

// setScores takes a window unless it is closer than the interval to the last one that was taken.
func (b *board) setScores(path string, w window, interval time.Duration) result {
	v := b.views[path]
	if v == nil || len(w.scores) != len(v.labels) {
		return unknownName
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if v.any && w.time-v.lastTaken < interval && w.time >= v.lastTaken {
		return nothing
	}
	v.any, v.lastTaken = true, w.time
	if !b.connected {
		b.scoresSkipped++
		return nothing
	}
	v.window.n, v.window.time = w.n, w.time
	copy(v.window.scores, w.scores)
	if v.waiting {
		b.scoresSkipped++
		return nothing
	}
	v.waiting = true
	b.scored = append(b.scored, v)
	return toSend
}

func (b *board) setStats(json []byte) result {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats = append(b.stats[:0], json...)
	return toSend
}

// skipped returns how many windows never left.
func (b *board) skipped() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.scoresSkipped
}

func choose(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
