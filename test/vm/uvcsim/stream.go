package main

import (
	"bytes"
	"time"
)

// Bits of a payload header's second byte (UVC 2.4.3.3); the header is two bytes here, with neither time stamp nor clock.
const (
	headerSize       = 2
	headerFrameID    = 0x01 // toggles from frame to frame
	headerEndOfFrame = 0x02
	headerError      = 0x40
	headerEnd        = 0x80
)

// play sends the clip in real time from each start of a stream on, until the cable is closed. A frame that the host
// asked too late for is lost, as in a camera: what moves in the clip keeps its speed.
func (c *camera) play() {
	stream, sent := 0, -1
	for {
		now, started, ok := c.awaitHost()
		if !ok {
			return
		}
		if now != stream {
			stream, sent = now, -1
		}
		n := max(sent+1, int(time.Since(started)/c.interval))
		time.Sleep(time.Until(started.Add(time.Duration(n) * c.interval)))
		c.sendFrame(stream, n)
		sent = n
	}
}

// awaitHost returns when the host has started a stream and waits for data, with the number and the start of the stream; ok is false when closed.
func (c *camera) awaitHost() (stream int, started time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for (len(c.queue) == 0 || c.stream == 0) && !c.closed {
		c.changed.Wait()
	}
	return c.stream, c.started, !c.closed
}

// sendFrame sends the n-th frame of a stream, over as many transfers as it takes. It gives up when that stream is over.
func (c *camera) sendFrame(stream, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fault := c.fault
	if !c.lasting {
		c.fault = intact
	}
	if fault != frozen {
		c.sent = n % len(c.clip.frames)
	}
	f := frame{picture: c.clip.picture(c.sent, c.format), flags: headerEnd | uint8(n)&headerFrameID}
	switch fault {
	case errorBit:
		f.flags |= headerError
	case truncated:
		f.picture = f.picture[:len(f.picture)/3]
	case garbage:
		f.picture = bytes.Repeat([]byte("no picture. "), len(f.picture)/12)
	case silent:
		return
	}
	for len(f.picture) > 0 {
		for len(c.queue) == 0 && !c.closed && c.stream == stream {
			c.changed.Wait()
		}
		if c.closed || c.stream != stream {
			return
		}
		u := c.queue[0]
		c.queue = c.queue[1:]
		data, packets := f.fill(u, int(c.maxPayload()))
		if writeReply(c.cable, u.seqnum, statusOK, len(data), data, packets) != nil {
			return // the cable is going; run sees it too
		}
	}
}

// frame is what is left to send of a picture.
type frame struct {
	picture []byte
	flags   uint8
}

// fill takes one transfer's worth off the frame: one payload, or one in each packet of an isochronous transfer, whose
// data USB/IP carries without the gaps between the packets.
func (f *frame) fill(u urb, maxPayload int) (data []byte, packets []isoPacket) {
	if u.packets == nil {
		return f.payload(nil, min(u.length, maxPayload)), nil
	}
	for _, p := range u.packets {
		before := len(data)
		if len(f.picture) > 0 {
			data = f.payload(data, min(int(p.Length), maxPayload))
		}
		packets = append(packets, isoPacket{Offset: p.Offset, Length: p.Length, ActualLength: uint32(len(data) - before)})
	}
	return data, packets
}

// payload appends a payload of at most size bytes: header and the frame's next bytes.
func (f *frame) payload(data []byte, size int) []byte {
	n := min(len(f.picture), size-headerSize)
	flags := f.flags
	if n == len(f.picture) {
		flags |= headerEndOfFrame
	}
	data = append(append(data, headerSize, flags), f.picture[:n]...)
	f.picture = f.picture[n:]
	return data
}
