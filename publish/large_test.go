package publish

import (
	"bytes"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"edged/internal/sink"
	"edged/internal/testkit"
)

func withSnapshots(p *Publisher) { p.Cameras[0].Snapshots = true }

// A broker that closes the connection on a snapshot gets the events nevertheless, and the next snapshot that it takes.
func TestASnapshotTooLargeForTheBrokerHoldsUpNoEvent(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t, "max_packet_size 20000")
	sub := subscribe(t, broker.URL())
	p, log := testPublisher(t, broker.URL(), withSnapshots)
	viewOf(p, "front").SetSnapshot(make([]byte, 50_000))
	emit(p, 1, sink.Start)
	run(t, p)
	sub.next("edged/board/front/event")
	waitFor(t, "the snapshot is given up", log.Has("edged/board/front/snapshot, 50000 bytes: the broker closed the connection"))
	waitFor(t, "the second connection", func() bool { return p.Counters().Connects == 2 })
	emit(p, 2, sink.Start)
	sub.next("edged/board/front/event")
	viewOf(p, "front").SetSnapshot([]byte("small"))
	sub.until("edged/board/front/snapshot", "small")
	if n := p.Counters().Connects; n != 2 {
		t.Errorf("%d connections: %s", n, log)
	}
}

// What the broker does not take is given up, one after the other, and the connection stays. An event comes before each.
func TestWhatTheBrokerDoesNotTakeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		received := make(chan *packets.PublishPacket, 1000)
		p, log := testPublisher(t, "tcp://broker.invalid", discoverable)
		p.dial = (&pipeBroker{largest: 1000, received: received}).dial
		viewOf(p, "front").SetSnapshot(make([]byte, 50_000))
		stop := run(t, p)
		defer stop()
		for n := range uint64(60) {
			actionOf(p, "front", "left_to_right").PublishEvent(sink.Event{ID: sink.ID{N: n}, Phase: sink.Start})
			time.Sleep(time.Second)
		}
		time.Sleep(time.Hour)
		if got := events(received); len(got) != 60 {
			t.Errorf("%d events, want 60", len(got))
		}
		if n := p.Counters().Connects; n != 5 { // three for Home Assistant's message, one for the snapshot, and one that stays
			t.Errorf("%d connections: %s", n, log)
		}
		if strings.Contains(log.String(), "same client id") {
			t.Errorf("another node is blamed: %s", log)
		}
	})
}

// On a slow uplink a snapshot takes longer than a small message may, and than the answer to a ping. Commands come meanwhile.
func TestASlowUplinkGetsASnapshotThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		received := make(chan *packets.PublishPacket, 1000)
		p, log := testPublisher(t, "tcp://broker.invalid", withSnapshots, func(p *Publisher) { p.OnCommand = func(Command) {} })
		p.dial = (&pipeBroker{rate: 10_000, received: received, commands: 2 * time.Second}).dial
		stop := run(t, p)
		defer time.Sleep(time.Second) // the broker reads on
		defer stop()
		time.Sleep(time.Second)
		viewOf(p, "front").SetSnapshot(make([]byte, 300_000))
		for n := range uint64(100) {
			time.Sleep(time.Second)
			if n%10 == 9 { // after a command has come
				viewOf(p, "front").SetScores(n, time.Duration(n), []float32{1, 0, 0})
				p.SetStats([]byte("{}"))
			}
		}
		emit(p, 1, sink.Start)
		time.Sleep(time.Second)
		if c := p.Counters(); c.Connects != 1 || len(events(received)) != 1 || c.CommandsTaken != 50 {
			t.Errorf("%+v, want 1 connection, 50 commands and the event: %s", c, log)
		}
	})
}

// The same with mosquitto and a real kernel's queues: a ping must not wait in them behind the whole snapshot.
func TestASlowUplinkOfTheKernels(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	short := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { // the rest waits at the sender, as it does before a modem
		return shortenReceiveBuffer(c)
	}}
	slow := newProxyOn(t, broker.Address, short)
	p, log := testPublisher(t, slow.url(), withSnapshots, func(p *Publisher) { p.OnCommand = func(Command) {} })
	run(t, p)
	waitFor(t, "connected", func() bool { return p.Counters().StatesSent >= 4 })
	slow.perTenth.Store(1000)
	picture := bytes.Repeat([]byte("x"), 120_000)
	viewOf(p, "front").SetSnapshot(picture)
	for range 10 {
		sub.publish("edged/board/front/enabled/set", on, false)
		time.Sleep(500 * time.Millisecond)
		p.SetStats([]byte("{}"))
	}
	sub.until("edged/board/front/snapshot", string(picture))
	if c := p.Counters(); c.Connects != 1 || c.CommandsTaken != 10 {
		t.Errorf("%+v, want 1 connection and 10 commands: %s", c, log)
	}
}

// A clean stop says offline, and does not spend its time on a snapshot.
func TestAStopBeginsNoSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		received := make(chan *packets.PublishPacket, 1000)
		p, log := testPublisher(t, "tcp://broker.invalid", withSnapshots)
		p.dial = (&pipeBroker{rate: 10_000, received: received}).dial
		stop := run(t, p)
		time.Sleep(time.Second)
		emit(p, 1, sink.Start) // on its way when the stop comes
		viewOf(p, "front").SetSnapshot(make([]byte, 300_000))
		stop()
		time.Sleep(time.Second) // the broker reads on
		var last string
		for len(received) > 0 {
			m := <-received
			last = m.TopicName + " " + string(m.Payload)
		}
		if last != "edged/board/status offline" {
			t.Errorf("the last word is %q: %s", last[:min(len(last), 60)], log)
		}
	})
}
