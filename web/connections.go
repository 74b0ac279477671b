package web

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// connections bounds how many connections a server has open. If all places are taken, a new connection gets the place of the one that
// has waited longest for a request: a client that keeps connections open for later cannot keep others out. Only where every connection
// has a request in progress does a new one wait.
type connections struct {
	most int

	mu      sync.Mutex
	free    *sync.Cond             // a connection was closed, or waits for a request
	waiting map[net.Conn]time.Time // since when it waits for a request, or for the end of its handshake
	active  map[net.Conn]bool      // has a request in progress
}

func newConnections(most int) *connections {
	c := &connections{most: most, waiting: map[net.Conn]time.Time{}, active: map[net.Conn]bool{}}
	c.free = sync.NewCond(&c.mu)
	return c
}

// note is the http.Server's ConnState. For a new connection the server calls it before it accepts the next one.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		for len(c.waiting)+len(c.active) >= c.most && !c.evict() {
			c.free.Wait()
		}
		c.waiting[conn] = time.Now()
	case http.StateActive:
		delete(c.waiting, conn)
		c.active[conn] = true
	case http.StateIdle:
		delete(c.active, conn)
		c.waiting[conn] = time.Now()
		c.free.Signal()
	default:
		delete(c.waiting, conn)
		delete(c.active, conn)
		c.free.Signal()
	}
}

// evict closes the connection that has waited longest, and reports whether there was one. The caller holds mu.
func (c *connections) evict() bool {
	var oldest net.Conn
	for conn, since := range c.waiting {
		if oldest == nil || since.Before(c.waiting[oldest]) {
			oldest = conn
		}
	}
	if oldest == nil {
		return false
	}
	delete(c.waiting, oldest)
	go oldest.Close() // may take a moment: TLS says goodbye
	return true
}
