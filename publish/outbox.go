package publish

import (
	"sync"
	"time"
)

// outbox keeps events in order from Publisher.Event until the broker has acknowledged them: so many, of so many bytes, for so
// long. What is beyond that is dropped, oldest first, also while it is on its way to the broker. put comes from the
// pipeline's goroutines and returns at once; the other methods are the connection's and the journal's.
type outbox struct {
	limits  limits
	now     func() time.Duration // CLOCK_MONOTONIC
	changed []chan<- struct{}    // each gets a token for every change

	mu      sync.Mutex
	ring    []Event
	head    uint64 // sequence number of the oldest event
	tail    uint64 // sequence number of the next event to come
	bytes   int    // of the events from head to tail
	evicted uint64
}

// limits bound what waits.
type limits struct {
	events int
	bytes  int           // as the journal writes them
	age    time.Duration // since the event was put; while the machine is off no age is counted
}

func newOutbox(l limits, now func() time.Duration) *outbox {
	return &outbox{limits: l, now: now, ring: make([]Event, l.events)}
}

// recordBytes is what the journal needs for an event besides its names.
const recordBytes = 400

func (e *Event) bytes() int { return recordBytes + len(e.Source) + len(e.Label) }

func (o *outbox) at(seq uint64) *Event { return &o.ring[seq%uint64(len(o.ring))] }

// put appends e.
func (o *outbox) put(e Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e.since = o.now()
	o.add(e)
	o.tell()
}

func (o *outbox) add(e Event) {
	if o.tail-o.head == uint64(len(o.ring)) {
		o.drop()
	}
	*o.at(o.tail) = e
	o.tail++
	o.bytes += e.bytes()
	o.trim()
}

// trim drops what is beyond the limits. A single event always finds room.
func (o *outbox) trim() {
	for o.tail-o.head > 1 && o.bytes > o.limits.bytes {
		o.drop()
	}
	for now := o.now(); o.head != o.tail && now-o.at(o.head).since > o.limits.age; {
		o.drop()
	}
}

func (o *outbox) drop() {
	o.evicted++
	o.advance()
}

func (o *outbox) advance() {
	o.bytes -= o.at(o.head).bytes()
	o.head++
}

// tell is called with the lock held, and does not wait.
func (o *outbox) tell() {
	for _, c := range o.changed {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// from returns the events that wait with this number or a later one, and the numbers of the oldest and of the next to come.
func (o *outbox) from(seq uint64) (events []Event, head, tail uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trim()
	for n := max(seq, o.head); n < o.tail; n++ {
		events = append(events, *o.at(n))
	}
	return events, o.head, o.tail
}

// oldest returns the event that is next in line, without removing it, and the number to remove it by.
func (o *outbox) oldest() (e Event, seq uint64, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.trim(); o.head == o.tail {
		return Event{}, 0, false
	}
	return *o.at(o.head), o.head, true
}

// remove forgets an acknowledged event. One that was dropped meanwhile is no longer there, and nothing else goes.
func (o *outbox) remove(seq uint64) { o.leave(seq, o.advance) }

// giveUp drops an event that nobody can be told of.
func (o *outbox) giveUp(seq uint64) { o.leave(seq, o.drop) }

func (o *outbox) leave(seq uint64, leave func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.head == seq && o.head != o.tail {
		leave()
		o.tell()
	}
}

func (o *outbox) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trim()
	return int(o.tail - o.head)
}

func (o *outbox) dropped() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.evicted
}
