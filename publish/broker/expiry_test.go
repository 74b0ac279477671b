package broker

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"edged/internal/testkit"
)

// pipes is a listener whose connections are made by dial.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial connects a client whose session the broker keeps.
func (p pipes) dial(t *testing.T, id string) net.Conn {
	t.Helper()
	conn, _ := p.connect(t, id)
	return conn
}

// connect is the same, and says whether there was a session.
func (p pipes) connect(t *testing.T, id string) (conn net.Conn, known bool) {
	t.Helper()
	conn, server := net.Pipe()
	t.Cleanup(func() { conn.Close() })
	p <- server
	connect := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	connect.ProtocolName, connect.ProtocolVersion, connect.ClientIdentifier = "MQTT", 4, id
	return conn, exchange[*packets.ConnackPacket](t, conn, connect).SessionPresent
}

// exchange sends the packet and returns the next one, which must be an A.
func exchange[A packets.ControlPacket](t *testing.T, conn net.Conn, packet packets.ControlPacket) A {
	t.Helper()
	if err := packet.Write(conn); err != nil {
		t.Fatal(err)
	}
	return next[A](t, conn)
}

func next[A packets.ControlPacket](t *testing.T, conn net.Conn) A {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	got, err := packets.ReadPacket(conn)
	answer, ok := got.(A)
	if err != nil || !ok {
		t.Fatalf("got %v, error %v; want a %T", got, err, answer)
	}
	return answer
}

func subscription(topic string) packets.ControlPacket {
	s := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	s.MessageID, s.Topics, s.Qoss = 1, []string{topic}, []byte{1}
	return s
}

// served runs a broker until the test ends.
func served(t *testing.T, session time.Duration) pipes {
	t.Helper()
	listener, ended := make(pipes), make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- serve(ctx, listener, session, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener
}

// A state that does not change for years is kept, and a message for a subscriber that is away for as long as a session lasts,
// and no longer. Virtual time is the wall clock, too, so a jump of that is no other case.
func TestWhatTheBrokerForgets(t *testing.T) {
	testkit.Slow(t)
	synctest.Test(t, func(t *testing.T) {
		const session = 10 * time.Minute
		listener := served(t, session)
		listener.dial(t, "gone").Close()
		away := listener.dial(t, "away")
		exchange[*packets.SubackPacket](t, away, subscription("event"))
		away.Close()

		publisher := listener.dial(t, "publisher")
		for id, topic := range []string{"event", "state"} {
			p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
			p.MessageID, p.Qos, p.TopicName, p.Retain, p.Payload = uint16(id+1), 1, topic, topic == "state", []byte("ON")
			exchange[*packets.PubackPacket](t, publisher, p)
		}
		time.Sleep(session - time.Minute)
		if got := next[*packets.PublishPacket](t, listener.dial(t, "away")); got.TopicName != "event" {
			t.Errorf("got %v, want the event", got)
		}
		time.Sleep(2 * time.Minute)
		if _, known := listener.connect(t, "gone"); known {
			t.Error("the session is still there")
		}
		late := listener.dial(t, "late")
		if got := exchange[*packets.SubackPacket](t, late, subscription("state")); got.ReturnCodes[0] != 1 {
			t.Errorf("subscription: %v", got)
		}
		if got := next[*packets.PublishPacket](t, late); !got.Retain || string(got.Payload) != "ON" {
			t.Errorf("got %v, want the state", got)
		}
	})
}

// Of more sessions than there may be, those that are away longest are forgotten.
func TestSessionsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := served(t, sessionLasts)
		id := func(n int) string { return fmt.Sprintf("client-%d", n) }
		for n := range maxSessions + 10 {
			listener.dial(t, id(n)).Close()
			time.Sleep(time.Second)
		}
		for n, want := range map[int]bool{0: false, 9: false, 20: true, maxSessions + 9: true} {
			conn, known := listener.connect(t, id(n))
			conn.Close()
			time.Sleep(time.Second)
			if known != want {
				t.Errorf("session %d: %t, want %t", n, known, want)
			}
		}
	})
}
