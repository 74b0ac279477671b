package main

import (
	"bufio"
	"errors"
	"io"
	"log"
	"slices"
	"sync"
	"time"
)

// camera is one plugging-in of the simulated camera: it answers the host's transfers until the cable is closed.
type camera struct {
	model
	cable io.ReadWriteCloser

	// mu guards what follows and every write to the cable: a transfer is either answered or unlinked, never both, or the
	// host controller drops the connection.
	mu      sync.Mutex
	changed sync.Cond // queue, stream or closed changed
	queue   []urb     // transfers on the streaming endpoint that wait for data, oldest first
	stream  int       // raised each time the host starts to stream
	started time.Time // of that stream
	closed  bool
	full    bool  // the bus has no room for a stream
	format  uint8 // formatMJPEG or formatYUYV, as the host wants it
	sent    int   // the frame of the clip that was sent last
	fault   fault // what is wrong with the next frame
	lasting bool  // and with those after it
}

// fault is what can be wrong with a frame.
type fault int

const (
	intact    fault = iota
	errorBit        // flagged in every payload header
	truncated       // two thirds missing, unflagged
	garbage         // no picture, unflagged
	frozen          // the one before again
	silent          // not sent
)

var faults = map[string]fault{
	"intact": intact, "error": errorBit, "truncated": truncated, "garbage": garbage, "frozen": frozen, "silent": silent,
}

func newCamera(m model, cable io.ReadWriteCloser) *camera {
	c := &camera{model: m, cable: cable, format: formatMJPEG}
	c.changed.L = &c.mu
	return c
}

// run serves the host until the cable is closed from either end.
func (c *camera) run() {
	var streaming sync.WaitGroup
	streaming.Go(c.play)
	defer streaming.Wait()
	defer c.close()
	requests := bufio.NewReader(c.cable)
	for {
		r, err := readRequest(requests)
		if err == nil {
			err = c.serve(r)
		}
		if err != nil {
			if !c.isClosed() && !errors.Is(err, io.EOF) {
				log.Print(err)
			}
			return
		}
	}
}

func (c *camera) serve(r request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case r.unlink != 0:
		return c.cancel(r.seqnum, r.unlink)
	case r.endpoint == streamingEndpoint:
		c.queue = append(c.queue, r.urb)
		c.changed.Broadcast()
		return nil
	}
	if r.setup.startsStream() {
		c.stream++
		c.started = time.Now()
		c.changed.Broadcast()
	}
	if format, ok := r.setup.choosesFormat(r.data); ok {
		c.format = format
	}
	if c.full && r.setup.startsIsochronous() {
		// What a host controller answers its driver before the request has left.
		return writeReply(c.cable, r.seqnum, statusNoBandwidth, 0, nil, nil)
	}
	data, ok := c.control(r.setup, c.format)
	if !ok {
		return writeReply(c.cable, r.seqnum, statusStall, 0, nil, nil)
	}
	if !r.in {
		return writeReply(c.cable, r.seqnum, statusOK, r.length, nil, nil)
	}
	data = data[:min(len(data), r.length)]
	return writeReply(c.cable, r.seqnum, statusOK, len(data), data, nil)
}

// cancel takes the transfer numbered victim out of the queue; it may have been answered before.
func (c *camera) cancel(seqnum, victim uint32) error {
	i := slices.IndexFunc(c.queue, func(u urb) bool { return u.seqnum == victim })
	if i < 0 {
		return writeUnlinked(c.cable, seqnum, statusOK)
	}
	c.queue = slices.Delete(c.queue, i, i+1)
	return writeUnlinked(c.cable, seqnum, statusUnlinked)
}

// close pulls the plug.
func (c *camera) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.cable.Close()
	c.changed.Broadcast()
}

func (c *camera) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// spoilFrames has the next frame carry the fault, or all from now on.
func (c *camera) spoilFrames(f fault, lasting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault, c.lasting = f, lasting
}

// crowd takes the bus' bandwidth away, or gives it back.
func (c *camera) crowd(full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.full = full
}
