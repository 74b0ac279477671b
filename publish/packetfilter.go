package publish

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

const (
	// maxPacket is the largest packet that reaches paho, which needs twice as much memory for it. The largest useful one is the node's
	// former discovery message, with two entries of some 500 bytes for each action of each view.
	maxPacket = 4 << 20
	// pieceBytes is how much of a larger packet is discarded at a time. On the slowest link that takes 2 s.
	pieceBytes = 2 * slowest
	// headBytes has room for the first bytes of a message with the longest topic.
	headBytes = 5 + 2 + 0xffff
)

var (
	pingresp  = []byte{0xd0, 0}
	errNoMQTT = errors.New("the broker sends something that is not MQTT")
)

// packetFilter reads what the broker sends, packet by packet, and discards each message of more than largest bytes while it comes in.
// For each piece that it discards it returns a PINGRESP instead, so that paho knows that the broker is alive: the answers to pings wait
// behind the message. No acknowledgement is needed for it, because all subscriptions have QoS 0. It does the same every now and then while
// packets come in faster than edged can read them.
type packetFilter struct {
	in      *bufio.Reader
	largest int                           // packet that passes
	refuse  func(topic string, bytes int) // called for each larger one
	codes   int                           // that a SUBACK may have, since paho panics if there are more; 0 = any number
	alive   time.Duration                 // after so long without a pause paho gets a PINGRESP; 0 = never

	pass    int    // bytes to come that pass
	skip    int    // bytes to come that do not
	instead []byte // to be returned before the next bytes

	began  time.Time
	behind atomic.Int64  // when the broker's answers had to wait last, in nanoseconds since began
	paused time.Duration // since began, until all that had come in was read, or paho got a PINGRESP
}

func newPacketFilter(r io.Reader, largest int, refuse func(topic string, bytes int)) *packetFilter {
	return &packetFilter{in: bufio.NewReaderSize(r, headBytes), largest: largest, refuse: refuse, began: time.Now()}
}

// quiet returns for how long nothing has kept the broker's answers from coming in: neither a message that is discarded, nor packets that
// edged has yet to read.
func (f *packetFilter) quiet() time.Duration {
	return time.Since(f.began) - time.Duration(f.behind.Load())
}

// Read returns bytes of whole packets.
func (f *packetFilter) Read(b []byte) (n int, err error) {
	for n == 0 && err == nil && len(b) > 0 {
		switch {
		case len(f.instead) > 0:
			n = copy(b, f.instead)
			f.instead = f.instead[n:]
		case f.pass > 0:
			n, err = f.in.Read(b[:min(len(b), f.pass)])
			f.pass -= n
		case f.skip > 0:
			err = f.discard()
		default:
			err = f.next()
		}
	}
	return n, err
}

// next reads the start of a packet: a byte with its type and flags, then its length, 7 bits in each byte. It decides whether the packet
// passes.
func (f *packetFilter) next() error {
	if f.catchUp(); len(f.instead) > 0 {
		return nil
	}
	var kind byte
	length, size := 0, 0
	for more := true; more; length++ {
		if length == 4 {
			return errNoMQTT
		}
		head, err := f.in.Peek(2 + length)
		if err != nil {
			return err
		}
		kind = head[0] >> 4
		last := head[1+length]
		size |= int(last&0x7f) << (7 * length)
		more = last&0x80 != 0
	}
	if size > f.largest {
		return f.tooLarge(1+length, size)
	}
	if kind == packets.Suback && f.codes > 0 && size > 2+f.codes {
		return errNoMQTT
	}
	f.pass = 1 + length + size
	return nil
}

// catchUp looks whether more packets have come in than edged has read.
func (f *packetFilter) catchUp() {
	now := time.Since(f.began)
	if f.in.Buffered() == 0 {
		f.paused = now
		return
	}
	f.behind.Store(int64(now))
	if f.alive > 0 && now-f.paused >= f.alive {
		f.paused, f.instead = now, pingresp
	}
}

// tooLarge refuses a packet whose fixed header has so many bytes. Only a message may be so large.
func (f *packetFilter) tooLarge(header, size int) error {
	head, err := f.in.Peek(header + 2)
	if err != nil {
		return err
	}
	topic := int(binary.BigEndian.Uint16(head[header:]))
	if kind := head[0] >> 4; kind != packets.Publish || 2+topic > size {
		return errNoMQTT
	}
	if head, err = f.in.Peek(header + 2 + topic); err != nil {
		return err
	}
	f.skip = header + size
	f.refuse(string(head[header+2:]), size)
	return nil
}

func (f *packetFilter) discard() error {
	n, err := f.in.Discard(min(f.skip, pieceBytes))
	f.skip -= n
	f.behind.Store(int64(time.Since(f.began)))
	f.instead = pingresp
	return err
}
