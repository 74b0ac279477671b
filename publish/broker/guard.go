package broker

import (
	"bufio"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"edged/internal/lograte"
)

// connectWithin is how long a connection may take to say CONNECT. The server library sets a deadline of its own only then.
const connectWithin = 10 * time.Second

// guard is a listener that protects the server library: it limits the number of connections, lets only versions of MQTT before 5
// through, and bounds the bytes that wait for subscribers.
type guard struct {
	net.Listener
	limit     int
	log       *slog.Logger
	tooMany   lograte.Limit // of log lines, as are the next two
	version   lograte.Limit
	accepting lograte.Limit
	backlog   *backlog

	mu   sync.Mutex
	open map[*guarded]bool
}

func newGuard(l net.Listener, limit int, log *slog.Logger) *guard {
	g := &guard{Listener: l, limit: limit, log: log, backlog: newBacklog(log), open: map[*guarded]bool{}}
	for _, lines := range []*lograte.Limit{&g.tooMany, &g.version, &g.accepting} {
		lines.Every = 10 * time.Second
	}
	return g
}

// Accept returns the next connection within the limit, and closes those beyond it. After other errors than the listener's end, such
// as too many open files, it tries again: the server library would stop accepting for good.
func (g *guard) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			g.warn(&g.accepting, "broker: cannot accept a connection; trying again", "error", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		c := &guarded{writer: newWriter(conn, g.backlog), guard: g, in: bufio.NewReaderSize(conn, 16)}
		if g.admit(c) {
			_ = conn.SetReadDeadline(time.Now().Add(connectWithin))
			return c, nil
		}
		g.warn(&g.tooMany, "broker: connection refused: too many are open", "limit", g.limit)
		conn.Close()
	}
}

func (g *guard) admit(c *guarded) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.open) >= g.limit {
		return false
	}
	g.open[c] = true
	return true
}

// warn logs a line, unless there were too many like it.
func (g *guard) warn(lines *lograte.Limit, text string, args ...any) {
	if suppressed, ok := lines.Take(); ok {
		if suppressed > 0 {
			args = append(args, "lines_suppressed", suppressed)
		}
		g.log.Warn(text, args...)
	}
}

// Close ends the listener and every connection. The server library closes only those that have said CONNECT, and then waits
// for all of them.
func (g *guard) Close() error {
	err := g.Listener.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.open {
		c.writer.abort()
	}
	return err
}

// guarded is one connection within the limit.
type guarded struct {
	*writer
	guard *guard
	in    *bufio.Reader

	begin sync.Once
	fate  error // of the first packet
}

// Read refuses a connection whose first packet asks for a version of MQTT that this broker does not speak.
func (c *guarded) Read(p []byte) (int, error) {
	c.begin.Do(func() { c.fate = c.checkVersion() })
	if c.fate != nil {
		return 0, c.fate
	}
	return c.in.Read(p)
}

// Close makes room for another connection.
func (c *guarded) Close() error {
	c.guard.mu.Lock()
	delete(c.guard.open, c)
	c.guard.mu.Unlock()
	return c.writer.Close()
}
