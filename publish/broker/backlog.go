package broker

import (
	"bytes"
	"log/slog"
	"net"
	"sync"
	"time"

	"edged/internal/lograte"
)

const (
	// maxBacklogBytes may wait for one subscriber: enough for all that is retained. maxBacklogs may wait for all of them together.
	maxBacklogBytes = maxRetainedBytes + 4<<20
	maxBacklogs     = 24 << 20
	// lastWordsWithin is how long a closed connection may take to send what waits, such as the reason why it is closed.
	lastWordsWithin = time.Second
)

// backlog bounds the bytes that wait to be sent. The server library bounds their number alone, and a message may have a megabyte.
type backlog struct {
	log   *slog.Logger
	lines lograte.Limit

	mu      sync.Mutex
	bytes   int
	writers map[*writer]bool // those for which bytes wait
}

func newBacklog(log *slog.Logger) *backlog {
	return &backlog{log: log, lines: lograte.Limit{Every: 10 * time.Second}, writers: map[*writer]bool{}}
}

// add counts bytes that wait for w. If they are too many, it ends the connection with the most of them.
func (b *backlog) add(w *writer, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes += n
	w.bytes += n
	b.writers[w] = true
	if w.bytes > maxBacklogBytes {
		b.end(w)
		return
	}
	if b.bytes <= maxBacklogs {
		return
	}
	slowest := w
	for other := range b.writers {
		if other.bytes > slowest.bytes {
			slowest = other
		}
	}
	b.end(slowest)
}

func (b *backlog) end(w *writer) {
	if suppressed, ok := b.lines.Take(); ok {
		b.log.Warn("broker: a subscriber that does not keep up is disconnected", "bytes_waiting", w.bytes, "lines_suppressed", suppressed)
	}
	b.remove(w)
	w.abort()
}

// sent counts bytes that no longer wait.
func (b *backlog) sent(w *writer, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.writers[w] { // they were removed
		return
	}
	b.bytes -= n
	if w.bytes -= n; w.bytes == 0 {
		delete(b.writers, w)
	}
}

// remove forgets all that waits for w. The caller holds the lock.
func (b *backlog) remove(w *writer) {
	if b.writers[w] {
		b.bytes -= w.bytes
		w.bytes = 0
		delete(b.writers, w)
	}
}

// writer is a connection to which a write never waits: a goroutine sends what was written.
type writer struct {
	net.Conn
	backlog *backlog
	bytes   int // that wait; guarded by backlog.mu

	mu      sync.Mutex
	started bool
	pending net.Buffers
	closed  bool
	wake    chan struct{}
}

func newWriter(conn net.Conn, b *backlog) *writer {
	return &writer{Conn: conn, backlog: b, wake: make(chan struct{}, 1)}
}

// Write takes a copy of p.
func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, net.ErrClosed
	}
	if !w.started {
		w.started = true
		go w.send()
	}
	w.pending = append(w.pending, bytes.Clone(p))
	w.backlog.add(w, len(p))
	w.signal()
	return len(p), nil
}

// Close ends the connection once what waits is sent, or could not be sent in time. It does not wait for that.
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	if !w.started {
		return w.Conn.Close()
	}
	_ = w.SetWriteDeadline(time.Now().Add(lastWordsWithin))
	w.signal()
	return nil
}

// abort ends the connection at once.
func (w *writer) abort() { w.Conn.Close() }

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default: // it will look again anyway
	}
}

// send sends what waits until the connection ends.
func (w *writer) send() {
	defer w.Conn.Close()
	for {
		<-w.wake
		w.mu.Lock()
		pending, closed := w.pending, w.closed
		w.pending = nil
		w.mu.Unlock()
		sent, err := pending.WriteTo(w.Conn)
		w.backlog.sent(w, int(sent))
		if err != nil {
			w.fail()
		}
		if err != nil || closed {
			return
		}
	}
}

// fail has all further writes fail, so that nothing waits for a connection that is gone.
func (w *writer) fail() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed, w.pending = true, nil
	w.backlog.mu.Lock()
	defer w.backlog.mu.Unlock()
	w.backlog.remove(w)
}
