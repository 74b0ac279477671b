package publish

import (
	"net"
	"time"
)

const (
	writeTimeout = 2 * time.Second // for a small packet
	// slowest is the uplink, bytes/s, on which a large message is still given the time that it takes.
	slowest = 8 << 10
	// sendQueue is how many bytes the kernel may hold back for such a link. A ping behind more than that would be answered so
	// late that paho takes the link for dead; behind what does not fit, it is not sent yet.
	sendQueue = 16 << 10
)

// within returns how long a message may take of which a small one may take that long.
func within(small time.Duration, bytes int) time.Duration {
	return small + time.Duration(bytes)*time.Second/slowest
}

// link gives each packet that is sent time by its size, where paho's own timeout is the same for all, and bounds those that come.
type link struct {
	net.Conn
	*packetFilter
	writing chan struct{} // holds one: a ping must not cut short the time of the packet before it
}

func newLink(conn net.Conn, refuse func(topic string, bytes int)) *link {
	for inner := conn; inner != nil; {
		switch c := inner.(type) {
		case *net.TCPConn:
			_ = c.SetWriteBuffer(sendQueue) // without it, a large message needs a faster link
			inner = nil
		case interface{ NetConn() net.Conn }: // TLS, websocket
			inner = c.NetConn()
		default:
			inner = nil
		}
	}
	return &link{Conn: conn, packetFilter: newPacketFilter(conn, maxPacket, refuse), writing: make(chan struct{}, 1)}
}

func (l *link) Read(b []byte) (int, error) { return l.packetFilter.Read(b) }

func (l *link) Write(b []byte) (int, error) {
	l.writing <- struct{}{}
	defer func() { <-l.writing }()
	if err := l.SetWriteDeadline(time.Now().Add(within(writeTimeout, len(b)))); err != nil {
		return 0, err
	}
	return l.Conn.Write(b)
}
