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
	// maxPacket is the largest packet that paho gets to see: it takes memory twice for each. The largest of use is what Home
	// Assistant was told of the node before, with two entries of some 500 bytes for each action of each view.
	maxPacket = 4 << 20
	// pieceBytes is how much of a larger one is thrown away at once; on the slowest link it takes 2 s.
	pieceBytes = 2 * slowest
	// headBytes holds a message's first bytes with the longest topic.
	headBytes = 5 + 2 + 0xffff
)

var (
	pingresp  = []byte{0xd0, 0}
	errNoMQTT = errors.New("what the broker sends is no MQTT")
)

// packetFilter is what comes from the broker, packet by packet. A message of more than largest bytes is thrown away while it comes.
// In its place paho gets a PINGRESP for each piece, since the broker lives and its own answers wait behind the message. Nothing
// acknowledges it: what the node subscribes to comes with QoS 0.
type packetFilter struct {
	in      *bufio.Reader
	largest int
	refuse  func(topic string, bytes int)
	codes   int // that the answer to SUBSCRIBE may have: paho panics at one more; 0 = any

	pass    int    // bytes to come that are handed on
	skip    int    // bytes to come that are not
	instead []byte // what is handed on in their place

	began   time.Time
	skipped atomic.Int64 // nanoseconds since began: when something was thrown away last
}

func newPacketFilter(r io.Reader, largest int, refuse func(topic string, bytes int)) *packetFilter {
	return &packetFilter{in: bufio.NewReaderSize(r, headBytes), largest: largest, refuse: refuse, began: time.Now()}
}

// quiet returns for how long nothing has been thrown away, that is, for how long the broker's answers could come.
func (f *packetFilter) quiet() time.Duration {
	return time.Since(f.began) - time.Duration(f.skipped.Load())
}

// Read hands on whole packets, in whatever pieces.
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
			err = f.throwAway()
		default:
			err = f.next()
		}
	}
	return n, err
}

// next looks at the first bytes of a packet: its type and flags, then its length, 7 bits a byte.
func (f *packetFilter) next() error {
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

// tooLarge looks at the topic that follows a fixed header of so many bytes.
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

func (f *packetFilter) throwAway() error {
	n, err := f.in.Discard(min(f.skip, pieceBytes))
	f.skip -= n
	f.skipped.Store(int64(time.Since(f.began)))
	f.instead = pingresp
	return err
}
