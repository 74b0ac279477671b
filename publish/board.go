package publish

import (
	"sync"
	"time"
)

// board holds the newest of everything of which only the newest matters. What is set before its predecessor has left replaces
// it, so the board's size is fixed by the number of cameras and labels.
type board struct {
	mu      sync.Mutex
	cameras map[string]*camera
	all     []*retained // cameras' statuses first, then labels' states: the order in which a new connection sends them
	changed []*retained // those to be sent, oldest change first; never longer than all
	scored  []*camera   // cameras whose window is to be sent, oldest first; never longer than cameras
	stats   []byte      // to be sent; empty = nothing

	connected     bool   // scores are kept for a living connection only: old ones are of no use
	scoresSkipped uint64 // windows that were wanted and never left
}

// camera is one camera's part of the board.
type camera struct {
	eventTopic  string
	scoresTopic string
	name        string            // as JSON
	quoted      map[string]string // labels as JSON
	labels      []string          // the same in the model's order, each with a colon
	status      *retained
	states      map[string]*retained

	window  window        // the newest; its scores belong to the camera
	waiting bool          // the window is to be sent
	last    time.Duration // time of the last window that was taken
	any     bool          // one was taken
}

// retained is one retained message.
type retained struct {
	topic   string
	value   string
	waiting bool // is in board.changed
}

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
	unknownName               // no such camera or label, or a window with another number of labels
)

const (
	online, offline = "online", "offline"
	on, off         = "ON", "OFF"
)

func newBoard(t topics, cameras []Camera) *board {
	b := &board{cameras: map[string]*camera{}}
	for _, c := range cameras {
		b.cameras[c.Name] = &camera{
			eventTopic:  t.camera(c.Name, "event"),
			scoresTopic: t.camera(c.Name, "scores"),
			name:        quote(c.Name),
			status:      &retained{topic: t.camera(c.Name, "status"), value: offline},
			quoted:      map[string]string{},
			states:      map[string]*retained{},
			window:      window{scores: make([]float32, len(c.Labels))},
		}
		b.all = append(b.all, b.cameras[c.Name].status)
	}
	for _, c := range cameras {
		b.addLabels(t, c)
	}
	b.changed = make([]*retained, 0, len(b.all))
	b.scored = make([]*camera, 0, len(cameras))
	return b
}

func (b *board) addLabels(t topics, c Camera) {
	into := b.cameras[c.Name]
	for _, label := range c.Labels {
		into.quoted[label] = quote(label)
		into.labels = append(into.labels, into.quoted[label]+":")
		if label == c.Background {
			continue
		}
		state := &retained{topic: t.state(c.Name, label), value: off}
		into.states[label] = state
		b.all = append(b.all, state)
	}
}

// has says whether the camera exists and can see the action.
func (b *board) has(camera, label string) bool {
	c := b.cameras[camera]
	return c != nil && c.states[label] != nil
}

func (b *board) setStatus(camera string, isOnline bool) result {
	c := b.cameras[camera]
	if c == nil {
		return unknownName
	}
	return b.set(c.status, choose(isOnline, online, offline))
}

func (b *board) setState(camera, label string, isOn bool) result {
	if !b.has(camera, label) {
		return unknownName
	}
	return b.set(b.cameras[camera].states[label], choose(isOn, on, off))
}

func (b *board) set(r *retained, value string) result {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.value == value {
		return nothing
	}
	r.value = value
	if r.waiting {
		return nothing
	}
	r.waiting = true
	b.changed = append(b.changed, r)
	return toSend
}

// setScores takes a window unless it is closer than the interval to the last one that was taken.
func (b *board) setScores(name string, w window, interval time.Duration) result {
	c := b.cameras[name]
	if c == nil || len(w.scores) != len(c.labels) {
		return unknownName
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.any && w.time-c.last < interval && w.time >= c.last {
		return nothing
	}
	c.any, c.last = true, w.time
	if !b.connected {
		b.scoresSkipped++
		return nothing
	}
	c.window.n, c.window.time = w.n, w.time
	copy(c.window.scores, w.scores)
	if c.waiting {
		b.scoresSkipped++
		return nothing
	}
	c.waiting = true
	b.scored = append(b.scored, c)
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
