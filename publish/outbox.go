package publish

import "sync"

// outbox keeps events in order from Publisher.Event until the broker has acknowledged them. put comes from the pipeline's
// goroutines and must return at once; the other methods come from the connection's. Every method is safe for concurrent use.
type outbox interface {
	// put appends e. A full outbox drops its oldest event, also while that one is on its way to the broker.
	put(e Event)
	// oldest returns the event that is next in line, without removing it, and the number to remove it by.
	oldest() (e Event, seq uint64, ok bool)
	// remove forgets an acknowledged event. One that was dropped meanwhile is no longer there, and nothing else goes.
	remove(seq uint64)
	len() int
	dropped() uint64
}

// memoryOutbox is an outbox of fixed size that lives as long as the process.
type memoryOutbox struct {
	mu      sync.Mutex
	ring    []Event
	head    uint64 // sequence number of the oldest event
	tail    uint64 // sequence number of the next event to come
	evicted uint64
	changed chan<- struct{} // gets a token for every change; nil = nobody wants to know
}

func newMemoryOutbox(length int) *memoryOutbox {
	return &memoryOutbox{ring: make([]Event, length)}
}

func (o *memoryOutbox) put(e Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tail-o.head == uint64(len(o.ring)) {
		o.head++
		o.evicted++
	}
	o.ring[o.tail%uint64(len(o.ring))] = e
	o.tail++
	o.tell()
}

// tell is called with the lock held, and does not wait.
func (o *memoryOutbox) tell() {
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// from returns the events that wait with this number or a later one, and the numbers of the oldest and of the next to come.
func (o *memoryOutbox) from(seq uint64) (events []Event, head, tail uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for n := max(seq, o.head); n < o.tail; n++ {
		events = append(events, o.ring[n%uint64(len(o.ring))])
	}
	return events, o.head, o.tail
}

func (o *memoryOutbox) oldest() (e Event, seq uint64, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.head == o.tail {
		return Event{}, 0, false
	}
	return o.ring[o.head%uint64(len(o.ring))], o.head, true
}

func (o *memoryOutbox) remove(seq uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.head == seq && o.head != o.tail {
		o.head++
		o.tell()
	}
}

func (o *memoryOutbox) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return int(o.tail - o.head)
}

func (o *memoryOutbox) dropped() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.evicted
}
