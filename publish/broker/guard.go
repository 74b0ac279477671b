package broker

import (
	"bufio"
	"bytes"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// connectWithin is how long a connection may take to say CONNECT. The server library sets a deadline of its own only then.
const connectWithin = 10 * time.Second

// guard is a listener whose connections are limited in number and have spoken an MQTT older than 5 before the server library
// sees a byte of them.
type guard struct {
	net.Listener
	limit int
	log   *slog.Logger

	mu   sync.Mutex
	open map[*guarded]bool
}

func newGuard(l net.Listener, limit int, log *slog.Logger) *guard {
	return &guard{Listener: l, limit: limit, log: log, open: map[*guarded]bool{}}
}

// Accept returns the next connection within the limit, and closes those beyond it. Errors other than the listener's end, such
// as too many open files, are waited out: the server library would stop accepting for good.
func (g *guard) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			g.log.Error("broker: cannot accept a connection; trying again", "error", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		c := &guarded{Conn: conn, guard: g, in: bufio.NewReaderSize(conn, 16)}
		if g.admit(c) {
			_ = conn.SetReadDeadline(time.Now().Add(connectWithin))
			return c, nil
		}
		g.log.Warn("broker: connection refused: too many are open", "limit", g.limit)
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

// Close ends the listener and every connection. The server library closes only those that have said CONNECT, and then waits
// for all of them.
func (g *guard) Close() error {
	err := g.Listener.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.open {
		c.Conn.Close()
	}
	return err
}

// guarded is one connection within the limit.
type guarded struct {
	net.Conn
	guard *guard
	in    *bufio.Reader

	begin sync.Once
	fate  error // of the first packet
}

// Read refuses a connection whose first packet is an MQTT 5 CONNECT.
func (c *guarded) Read(p []byte) (int, error) {
	c.begin.Do(func() { c.fate = c.refuseMQTT5() })
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
	return c.Conn.Close()
}

var errMQTT5 = errors.New("broker: MQTT 5 refused")

// connackMQTT5 tells an MQTT 5 client that its protocol version is not supported (MQTT 5.0, 3.2.2.2: reason code 0x84).
var connackMQTT5 = []byte{0x20, 3, 0, 0x84, 0}

// refuseMQTT5 answers and returns errMQTT5 when the first packet is a CONNECT of protocol version 5 or later. Whatever is no
// CONNECT at all is left to the server library, which closes the connection.
func (c *guarded) refuseMQTT5() error {
	const packetConnect = 0x10
	name := []byte("\x00\x04MQTT")

	at := 0 // of the byte looked at
	next := func() (byte, error) {
		b, err := c.in.Peek(at + 1)
		if err != nil {
			return 0, err
		}
		at++
		return b[at-1], nil
	}
	first, err := next()
	if err != nil || first != packetConnect {
		return err
	}
	for range 4 { // the remaining length: seven bits a byte, the eighth says that another follows
		b, err := next()
		if err != nil {
			return err
		}
		if b < 0x80 {
			break
		}
	}
	header, err := c.in.Peek(at + len(name) + 1)
	if err != nil {
		return err
	}
	if version := header[at+len(name)]; !bytes.Equal(header[at:at+len(name)], name) || version < 5 {
		return nil
	}
	c.guard.log.Warn("broker: a client that speaks only MQTT 5 was refused; set it to MQTT 3.1.1")
	_, _ = c.Write(connackMQTT5) // the connection ends either way
	return errMQTT5
}
