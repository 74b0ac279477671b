package publish

import (
	"net"
	"time"
)

const (
	writeTimeout = 2 * time.Second // for a small packet
	// slowest is the slowest uplink, in bytes/s, on which edged still waits as long as a large message takes.
	slowest = 8 << 10
	// sendQueue is how many bytes the kernel may queue for sending. On such an uplink a ping behind a longer queue would be answered
	// so late that paho takes the link for dead.
	sendQueue = 16 << 10
)

// within returns how long a message of so many bytes may take, if a small one may take as long as small.
func within(small time.Duration, bytes int) time.Duration {
	return small + time.Duration(bytes)*time.Second/slowest
}

// link is the connection that paho uses. Each packet that paho sends gets a time limit by its size; paho's own limit is the same for all.
// Packets that come in pass through a packetFilter.
type link struct {
	net.Conn
	*packetFilter
	writing chan struct{} // has room for one token: a ping must not change the deadline of the packet before it
}

func newLink(conn net.Conn, refuse func(topic string, bytes int)) *link {
	for inner := conn; inner != nil; {
		switch c := inner.(type) {
		case *net.TCPConn:
			_ = c.SetWriteBuffer(sendQueue) // after an error, a large message needs a faster link
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
