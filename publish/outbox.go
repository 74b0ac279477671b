package publish

import (
	"log/slog"
	"sync"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
)

// Outbox keeps events, in order, from the moment they are published until the broker has acknowledged them. It belongs to the
// process: after a reload the next Publisher sends the events that the last one could not deliver. With Open, events also survive the
// process, and Run writes them to the disk.
//
// What exceeds the limits is dropped, oldest first, even while it is on its way to the broker.
type Outbox struct {
	log         *slog.Logger
	now         func() clock.Instant
	boot        string        // names this run of the kernel
	changed     chan struct{} // one token: the disk lacks a change
	reopenAfter time.Duration // pause before Run tries again to open the folder

	mu       sync.Mutex
	limits   Limits
	ring     []queued
	head     uint64 // position of the oldest event; its place in the ring is the remainder by the ring's length
	tail     uint64 // position of the next event to come
	bytes    int    // size of the events from head to tail
	evicted  uint64
	restored func() // called after events of an earlier process were added

	disk disk
}

// Limits bound what waits in an Outbox.
type Limits struct {
	Events int
	Bytes  int           // size on disk, about
	Age    time.Duration // since the event was published, or since the machine started: a board without a clock battery does not know how long it was off
}

// queued is an event in the outbox.
type queued struct {
	sink.Event
	since time.Duration // CLOCK_MONOTONIC, when it came into the outbox
	// earlier is an instant of an earlier run of the kernel: the event's times are on that run's monotonic clock. nil = this run.
	earlier *clock.Instant
	number  uint64 // in the log on disk; 0 = not there yet
}

const (
	// recordBytes is about what the log needs for an event besides its names, and boxesBytes for where a target was.
	recordBytes = 400
	boxesBytes  = 300
)

func (q *queued) bytes() (n int) {
	if q.Track != 0 {
		n = boxesBytes
	}
	return n + recordBytes + len(q.Camera) + len(q.View) + len(q.Label) + len(q.Model.Name) + len(q.Model.SHA256) + len(q.Clip)
}

// firstPosition leaves room for positions of older events that come from the disk later.
const firstPosition = 1 << 32

// NewOutbox returns an outbox that keeps events in memory alone. A nil log is slog.Default.
func NewOutbox(limits Limits, log *slog.Logger) *Outbox {
	if log == nil {
		log = slog.Default()
	}
	return &Outbox{
		log: log, now: clock.Now, boot: bootID(), changed: make(chan struct{}, 1), reopenAfter: 10 * time.Second,
		limits: limits, ring: make([]queued, limits.Events), head: firstPosition, tail: firstPosition,
	}
}

// SetLimits changes the limits.
func (o *Outbox) SetLimits(l Limits) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.length() > l.Events {
		o.drop()
	}
	if ring := make([]queued, l.Events); l.Events != len(o.ring) {
		for at := o.head; at < o.tail; at++ {
			ring[at%uint64(l.Events)] = *o.at(at)
		}
		o.ring = ring
	}
	o.limits = l
	o.trim()
	o.signal()
}

// Waiting returns how many events wait.
func (o *Outbox) Waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trim()
	return o.length()
}

// Dropped returns how many events were dropped.
func (o *Outbox) Dropped() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.evicted
}

// put appends an event. It never waits for the disk.
func (o *Outbox) put(e sink.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.push(queued{Event: e, since: o.now().Monotonic})
	o.signal()
}

// oldest returns the event that is next in line without removing it, and the position to remove it by.
func (o *Outbox) oldest() (q queued, at uint64, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.trim(); o.head == o.tail {
		return queued{}, 0, false
	}
	return *o.at(o.head), o.head, true
}

// remove removes an event that the broker has acknowledged. If it was dropped in the meantime, remove does nothing.
func (o *Outbox) remove(at uint64) { o.take(at, o.advance) }

// giveUp drops an event that cannot be published any more.
func (o *Outbox) giveUp(at uint64) { o.take(at, o.drop) }

func (o *Outbox) take(at uint64, take func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.head == at && o.head != o.tail {
		take()
		o.signal()
	}
}

// newestFirst calls f with every waiting event.
func (o *Outbox) newestFirst(f func(q queued)) {
	o.mu.Lock()
	waiting := make([]queued, 0, o.length())
	for at := o.tail; at > o.head; at-- {
		waiting = append(waiting, *o.at(at - 1))
	}
	o.mu.Unlock()
	for _, q := range waiting {
		f(q)
	}
}

// onRestored has f called whenever events of an earlier process have been added, until stop is called.
func (o *Outbox) onRestored(f func()) (stop func()) {
	set := func(f func()) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.restored = f
	}
	set(f)
	return func() { set(nil) }
}

func (o *Outbox) at(position uint64) *queued { return &o.ring[position%uint64(len(o.ring))] }

func (o *Outbox) length() int { return int(o.tail - o.head) }

func (o *Outbox) push(q queued) {
	if o.length() == len(o.ring) {
		o.drop()
	}
	*o.at(o.tail) = q
	o.tail++
	o.bytes += q.bytes()
	o.trim()
}

// trim drops what exceeds the limits. A single event always finds room.
func (o *Outbox) trim() {
	for o.length() > 1 && o.bytes > o.limits.Bytes {
		o.drop()
	}
	for now := o.now().Monotonic; o.head != o.tail && now-o.at(o.head).since > o.limits.Age; {
		o.drop()
	}
}

func (o *Outbox) drop() {
	o.evicted++
	o.advance()
}

func (o *Outbox) advance() {
	o.bytes -= o.at(o.head).bytes()
	o.head++
}

func (o *Outbox) signal() {
	select {
	case o.changed <- struct{}{}:
	default: // a token is there already
	}
}
