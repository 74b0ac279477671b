package publish

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"edged/internal/background"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// These tests run in a bubble of virtual time: hours of waiting take milliseconds, and the bubble fails a test that leaves a
// goroutine behind.

// pipeBroker is a broker at the other end of a net.Pipe that answers as its fields say.
type pipeBroker struct {
	deaf          bool          // take bytes, answer nothing
	refuses       byte          // a CONNECT with this return code; 0 = it accepts
	noPuback      bool          // acknowledge no publish
	noEventPuback bool          // acknowledge no event
	noReading     bool          // read nothing after CONNECT, so that writing to it blocks
	slow          time.Duration // before every answer
	noPong        bool          // answer no ping
	closesIn      time.Duration // after the connection came up; 0 = never
	largest       int           // message, in bytes, that it does not answer by closing the connection; 0 = any
	rate          int           // bytes/s that it reads; 0 = any
	large         int           // bytes of a message that it sends after its answer to SUBSCRIBE; 0 = none
	pace          time.Duration // that each 8 KB of it take
	commands      time.Duration // between two that it sends, of the QoS that it is asked for; 0 = none
	received      chan *packets.PublishPacket
	echoes        atomic.Bool // send back what is published, as to a subscriber
}

// dial is a dialer that always reaches the broker.
func (b *pipeBroker) dial(context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	if b.closesIn > 0 {
		time.AfterFunc(b.closesIn, func() { server.Close() })
	}
	end := &pipeEnd{Conn: client, closed: make(chan struct{}), hangUp: func() { server.Close() }}
	go b.serve(server, end.closed)
	return end, nil
}

// pipeEnd is the publisher's end of the pipe.
type pipeEnd struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
	hangUp func() // as the broker
}

func (e *pipeEnd) Close() error {
	e.once.Do(func() { close(e.closed) })
	return e.Conn.Close()
}

func (b *pipeBroker) serve(conn net.Conn, closed <-chan struct{}) {
	defer conn.Close()
	out := io.Writer(conn)
	if b.large > 0 || b.commands > 0 {
		q := make(queue, 10_000)
		defer close(q)
		go q.drain(conn, b.pace)
		out = q
	}
	for {
		packet, err := packets.ReadPacket(throttled{conn, b.rate})
		if err != nil {
			return
		}
		var answer packets.ControlPacket
		switch p := packet.(type) {
		case *packets.ConnectPacket:
			connack := packets.NewControlPacket(packets.Connack).(*packets.ConnackPacket)
			connack.ReturnCode = b.refuses
			answer = connack
		case *packets.SubscribePacket:
			ack := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
			ack.MessageID, ack.ReturnCodes = p.MessageID, p.Qoss
			answer = ack
		case *packets.PingreqPacket:
			if !b.noPong {
				answer = packets.NewControlPacket(packets.Pingresp)
			}
		case *packets.PublishPacket:
			if b.received != nil {
				b.received <- p
			}
			if b.largest > 0 && len(p.Payload) > b.largest {
				return
			}
			ignored := b.noPuback || b.noEventPuback && strings.HasSuffix(p.TopicName, "/event")
			if b.echoes.Load() {
				echo := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
				echo.TopicName, echo.Payload = p.TopicName, p.Payload
				_ = echo.Write(out)
			}
			if p.Qos == 1 && !ignored {
				ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
				ack.MessageID = p.MessageID
				answer = ack
			}
		}
		if answer == nil || b.deaf {
			continue
		}
		time.Sleep(b.slow)
		if err := answer.Write(out); err != nil {
			return
		}
		if ack, ok := answer.(*packets.SubackPacket); ok && b.large > 0 {
			sendLarge(out, b.large)
		} else if ok && b.commands > 0 {
			defer background.Start(func(ctx context.Context) { b.command(ctx, out, ack.ReturnCodes[0]) })()
		}
		if b.noReading {
			<-closed
			return
		}
	}
}

// command sends commands until ctx ends.
func (b *pipeBroker) command(ctx context.Context, out io.Writer, qos byte) {
	for id := uint16(1); ; id++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(b.commands):
		}
		c := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		c.TopicName, c.Payload, c.Qos, c.MessageID = "edged/board/front/enabled/set", []byte(on), qos, id
		_ = c.Write(out)
	}
}

// throttled reads so many bytes a second; 0 = any.
type throttled struct {
	io.Reader
	rate int
}

func (r throttled) Read(b []byte) (int, error) {
	if r.rate == 0 {
		return r.Reader.Read(b)
	}
	n, err := r.Reader.Read(b[:min(len(b), max(1, r.rate/10))])
	time.Sleep(time.Duration(n) * time.Second / time.Duration(r.rate))
	return n, err
}

// bubble runs a publisher with the dialer in virtual time, and the test beside it.
func bubble(t *testing.T, dial dialer, test func(t *testing.T, p *Publisher, log *testkit.Log)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p, log := testPublisher(t, "tcp://broker.invalid")
		p.dial = dial
		stop := run(t, p)
		defer time.Sleep(10 * time.Second) // a slow broker answers on
		defer stop()
		test(t, p, log)
	})
}

func TestTriesAreSpacedByAJitteredDoublingWait(t *testing.T) {
	var tries []time.Time
	refused := func(context.Context) (net.Conn, error) {
		tries = append(tries, time.Now())
		return nil, errors.New("refused")
	}
	bubble(t, refused, func(*testing.T, *Publisher, *testkit.Log) { time.Sleep(10 * time.Minute) })

	most := time.Second
	for i := 1; i < len(tries); i++ {
		if gap := tries[i].Sub(tries[i-1]); gap < most/2 || gap > most {
			t.Errorf("wait %d: %v, want %v to %v", i, gap, most/2, most)
		}
		most = min(2*most, time.Minute)
	}
	if len(tries) < 12 {
		t.Errorf("%d tries in 10 minutes", len(tries))
	}
}

func TestAHealthyConnectionIsReplacedAtOnceAndAShortOneIsNot(t *testing.T) {
	for _, c := range []struct {
		lives time.Duration
		worst time.Duration // wait between two connections, once a few have come and gone
	}{
		{61 * time.Second, time.Second},
		{2 * time.Second, time.Minute},
	} {
		broker := &pipeBroker{closesIn: c.lives}
		var tries []time.Time
		dial := func(ctx context.Context) (net.Conn, error) {
			tries = append(tries, time.Now())
			return broker.dial(ctx)
		}
		bubble(t, dial, func(*testing.T, *Publisher, *testkit.Log) { time.Sleep(time.Hour) })
		last := len(tries) - 1
		wait := tries[last].Sub(tries[last-1]) - c.lives
		if wait < c.worst/2 || wait > c.worst {
			t.Errorf("connections that live %v: the last wait was %v, want %v to %v", c.lives, wait, c.worst/2, c.worst)
		}
	}
}

// Of two brokers the first is away for an hour, comes back for two minutes, and goes: the run of failures before it is over.
func TestAHealthyConnectionToAnyBrokerStartsTheWaitsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := testPublisher(t, "tcp://first.invalid", func(p *Publisher) { p.Brokers = []string{"tcp://second.invalid"} })
		began := time.Now()
		var up bool
		var after []time.Duration // tries of the first broker, since the good connection ended
		var ended time.Time
		p.dial = func(ctx context.Context) (net.Conn, error) {
			switch first := p.turn == 0; {
			case !first || !up && time.Since(began) < time.Hour:
			case !up:
				up, ended = true, time.Now().Add(2*time.Minute)
				return (&pipeBroker{closesIn: 2 * time.Minute}).dial(ctx)
			default:
				after = append(after, time.Since(ended))
			}
			return nil, errors.New("refused")
		}
		stop := run(t, p)
		time.Sleep(2 * time.Hour)
		stop()
		if len(after) == 0 || after[0] > time.Second+2*betweenBrokers {
			t.Errorf("the first broker is tried again %v after the end of a good connection; want the first within about a second", after[:min(len(after), 3)])
		}
	})
}

// Two nodes of one name throw each other out: for hours they try ever more seldom, instead of playing ping-pong, and say why.
func TestTwoNodesWithOneNameDoNotStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var taken net.Conn // of whoever came last
		takeover := func(ctx context.Context) (net.Conn, error) {
			conn, err := (&pipeBroker{}).dial(ctx)
			mu.Lock()
			defer mu.Unlock()
			if taken != nil {
				taken.(*pipeEnd).hangUp()
			}
			taken = conn
			return conn, err
		}
		var nodes [2]*Publisher
		var logs [2]*testkit.Log
		for i := range nodes {
			nodes[i], logs[i] = testPublisher(t, "tcp://broker.invalid")
			nodes[i].dial = takeover
			run(t, nodes[i])
		}
		connects := func() uint64 { return nodes[0].Counters().Connects + nodes[1].Counters().Connects }
		time.Sleep(time.Minute)
		first := connects()
		time.Sleep(time.Hour)
		t.Logf("%d connections of both in the first minute, %d in the hour after it", first, connects()-first)
		if first > 16 || connects()-first > 180 {
			t.Error("they storm the broker")
		}
		for _, log := range logs {
			if !log.Has("another client uses the same client id")() {
				t.Errorf("one does not say why: %s", log)
			}
		}
	})
}

func TestBrokerThatNeverAnswersIsGivenUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		broker *pipeBroker
		within time.Duration // of the first connection
		says   string
	}{
		{"no CONNACK", &pipeBroker{deaf: true}, connectTimeout, "took the connection and did not answer within 5s"},
		{"no PUBACK", &pipeBroker{noPuback: true}, ackTimeout, "did not acknowledge edged/board/front/wave/state within 5s"},
		{"no PINGRESP", &pipeBroker{noPong: true}, 15 * time.Second, "pingresp not received"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, c.broker.dial, func(t *testing.T, p *Publisher, log *testkit.Log) {
				emit(p, 1, sink.Start)
				time.Sleep(c.within + time.Millisecond)
				synctest.Wait()
				if !log.Has(c.says)() {
					t.Errorf("after %v the log does not say %q:\n%s", c.within, c.says, log)
				}
			})
		})
	}
}

// A broker that drops what it is sent is told from one that takes its time.
func TestTheEchoIsExpectedOnceTheStatusIsSent(t *testing.T) {
	bubble(t, (&pipeBroker{slow: 1500 * time.Millisecond}).dial, func(t *testing.T, p *Publisher, log *testkit.Log) {
		const sent = 4 * 1500 * time.Millisecond // its answers until the first state is acknowledged
		time.Sleep(sent + echoTimeout - time.Second)
		if len(p.Unheard()) > 0 {
			t.Errorf("%v are expected too early: %s", p.Unheard(), log)
		}
		time.Sleep(10 * time.Second)
		if len(p.Unheard()) != 2 {
			t.Errorf("of status and state only %v are missing: %s", p.Unheard(), log)
		}
	})
}

// A broker may close the connection on a message that its rules forbid: that is no other node.
func TestABrokerThatClosesOnADeniedTopicIsTold(t *testing.T) {
	bubble(t, (&pipeBroker{largest: 1}).dial, func(t *testing.T, _ *Publisher, log *testkit.Log) {
		time.Sleep(time.Hour)
		if text := log.String(); !strings.Contains(text, "edged/board/front/wave/state: the broker closed the connection") || strings.Contains(text, "same client id") {
			t.Errorf("log: %s", text)
		}
	})
}

// armed is a context that counts the functions which wait for its end.
type armed struct {
	context.Context
	done    chan struct{}
	waiting atomic.Int64
}

func (a *armed) Done() <-chan struct{} { return a.done }

func (a *armed) AfterFunc(func()) (stop func() bool) {
	a.waiting.Add(1)
	return sync.OnceValue(func() bool { a.waiting.Add(-1); return true })
}

// A node with a wrong password tries for months.
func TestARefusedConnectionLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := &armed{Context: t.Context(), done: make(chan struct{})}
		p, _ := testPublisher(t, "tcp://broker.invalid")
		p.dial = (&pipeBroker{refuses: packets.ErrRefusedNotAuthorised}).dial
		for range 3 {
			if _, err := p.connect(ctx); err == nil || !strings.Contains(err.Error(), "not authorised") {
				t.Fatalf("connect: %v, want a refusal", err)
			}
		}
		if n := ctx.waiting.Load(); n != 0 {
			t.Errorf("3 refused connections leave %d functions waiting for the context's end", n)
		}
	})
}

func TestStopDoesNotWaitForABrokerThatNeverAnswers(t *testing.T) {
	for name, broker := range map[string]*pipeBroker{
		"no CONNACK": {deaf: true},
		"no PUBACK":  {noPuback: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, log := testPublisher(t, "tcp://broker.invalid")
				p.dial = broker.dial
				emit(p, 1, sink.Start)
				stop := run(t, p)
				time.Sleep(time.Second)
				began := time.Now()
				stop()
				if took := time.Since(began); took > p.StopTimeout {
					t.Errorf("the stop took %v, longer than StopTimeout, %v", took, p.StopTimeout)
				}
				if !log.Has("never acknowledged")() {
					t.Errorf("the undelivered event is not mentioned:\n%s", log)
				}
			})
		})
	}
}

// In virtual time a call that waited for anything at all would let time pass.
func TestCallsNeverWaitWhateverTheBrokerDoes(t *testing.T) {
	testkit.Slow(t)
	for name, broker := range map[string]*pipeBroker{
		"healthy":    {},
		"no CONNACK": {deaf: true},
		"no PUBACK":  {noPuback: true},
		"no reading": {noReading: true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, broker.dial, func(t *testing.T, p *Publisher, _ *testkit.Log) {
				for second := range 30 {
					time.Sleep(time.Second)
					began := time.Now()
					for n := range uint64(1000) {
						emit(p, n, sink.Start)
						actionOf(p, "front", "wave").SetState(n%2 == 0)
						front(p).SetOnline(n%2 == 0)
						viewOf(p, "front").SetScores(n, time.Duration(n), []float32{1, 0, 0})
						p.SetStats([]byte(`{}`))
						p.Counters()
					}
					if took := time.Since(began); took != 0 {
						t.Fatalf("second %d: the calls waited %v", second, took)
					}
				}
			})
		})
	}
}

// An event that was on its way when the link broke is sent again, and leaves the queue only with its acknowledgement.
func TestUnacknowledgedEventIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		received := make(chan *packets.PublishPacket, 100)
		first := &pipeBroker{received: received, noEventPuback: true, closesIn: 3 * time.Second}
		second := &pipeBroker{received: received}
		brokers := []*pipeBroker{first, second}
		p, _ := testPublisher(t, "tcp://broker.invalid")
		p.dial = func(ctx context.Context) (net.Conn, error) {
			b := brokers[0]
			brokers = brokers[1:]
			return b.dial(ctx)
		}
		stop := run(t, p)
		emit(p, 1, sink.Start)
		emit(p, 2, sink.Start)
		time.Sleep(time.Second)
		if got := events(received); len(got) != 1 || p.Counters().EventsWaiting != 2 {
			t.Errorf("before its acknowledgement: %d events sent, %d waiting; want 1 and 2", len(got), p.Counters().EventsWaiting)
		}
		time.Sleep(time.Minute)
		got := events(received)
		if len(got) != 2 || !strings.Contains(got[0], `-1"`) || !strings.Contains(got[1], `-2"`) {
			t.Errorf("after the reconnect got %q, want events 1 and 2", got)
		}
		if c := p.Counters(); c.EventsWaiting != 0 || c.EventsSent != 2 {
			t.Errorf("counters %+v", c)
		}
		stop()
	})
}

// A state that changes while many events wait is sent among them, not after them.
func TestStatesDoNotWaitForTheWholeQueue(t *testing.T) {
	received := make(chan *packets.PublishPacket, 1000)
	broker := &pipeBroker{slow: 10 * time.Millisecond, received: received}
	bubble(t, broker.dial, func(t *testing.T, p *Publisher, _ *testkit.Log) {
		time.Sleep(time.Second)
		events(received) // those of the announcement: none
		for n := range uint64(100) {
			emit(p, n, sink.Start)
		}
		actionOf(p, "front", "wave").SetState(true)
		time.Sleep(10 * time.Second)
		for before := 0; ; before++ {
			m := <-received
			if m.TopicName == "edged/board/front/wave/state" {
				if before > 3 { // an event, the last action, an event
					t.Errorf("%d messages were sent before the state", before)
				}
				return
			}
		}
	})
}

// events returns the payloads of the events among the messages received so far.
func events(received chan *packets.PublishPacket) (payloads []string) {
	for {
		select {
		case m := <-received:
			if strings.HasSuffix(m.TopicName, "/event") {
				payloads = append(payloads, string(m.Payload))
			}
		default:
			return payloads
		}
	}
}
