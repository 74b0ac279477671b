package publish

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"edged/internal/clock"
	"edged/internal/sink"
	"edged/internal/testkit"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(childBroker); url != "" {
		runUntilKilled(url)
	}
	if url := os.Getenv(childStream); url != "" {
		streamUntilKilled(url)
	}
	// Most of these tests wait for brokers. So many at a time still leave processors idle. A flag on the command line takes precedence.
	_ = flag.Set("test.parallel", "8")
	goleak.VerifyTestMain(m)
}

// eventually is how long a test waits for what must happen; none of them passes faster when it is shorter.
const eventually = time.Minute

// testPublisher returns an initialized publisher of the node "board" with one camera, and what it logs.
func testPublisher(t testing.TB, url string, change ...func(*Publisher)) (*Publisher, *testkit.Log) {
	t.Helper()
	log := new(testkit.Log)
	p := &Publisher{
		Broker:        url,
		Node:          "board",
		Cameras:       []Camera{{Name: "front", Labels: []string{"still", "wave", "rise"}, Background: "still"}},
		Model:         Model{Name: "starter", SHA256: "abc123"},
		PublishScores: true,
		Log:           slog.New(slog.NewTextHandler(log, nil)),
	}
	for _, c := range change {
		c(p)
	}
	if err := p.Initialize(); err != nil {
		t.Fatal(err)
	}
	return p, log
}

// impatient makes a publisher give up a broker that does not answer after a second, so that tests need not wait longer.
func impatient(p *Publisher) { p.KeepAlive, p.ackTimeout = time.Second, time.Second }

// run runs p until the test ends or the returned function is called, which waits for Run's end.
func run(t testing.TB, p *Publisher) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(eventually):
			t.Error("Run goes on after its context has ended")
		}
	})
	t.Cleanup(stop)
	return stop
}

// gate holds back p's connections: each needs a call of the returned function.
func gate(p *Publisher) (connect func()) {
	allowed := make(chan struct{}, 10)
	dial := p.dial
	p.dial = func(ctx context.Context) (net.Conn, error) {
		select {
		case <-allowed:
			return dial(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return func() { allowed <- struct{}{} }
}

// waitFor waits until the condition holds.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(eventually); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", eventually, what)
		}
	}
}

// message is one message as a subscriber saw it.
type message struct {
	topic, payload string
	qos            byte
	retained       bool
}

// subscriber receives everything below edged/ and homeassistant/.
type subscriber struct {
	t        testing.TB
	client   mqtt.Client
	messages chan message
}

// subscribe connects a subscriber with QoS 1 until the test ends.
func subscribe(t testing.TB, url string) *subscriber {
	t.Helper()
	s := &subscriber{t: t, messages: make(chan message, 10000)}
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(url).SetClientID("subscriber-" + newRunID()).
		SetAutoReconnect(false))
	if token := client.Connect(); !token.WaitTimeout(eventually) || token.Error() != nil {
		t.Fatalf("subscriber: connect: %v", token.Error())
	}
	t.Cleanup(func() { client.Disconnect(100) })
	s.client = client
	token := client.SubscribeMultiple(map[string]byte{"edged/#": 1, "homeassistant/#": 1}, func(_ mqtt.Client, m mqtt.Message) {
		s.messages <- message{m.Topic(), string(m.Payload()), m.Qos(), m.Retained()}
	})
	if !token.WaitTimeout(eventually) || token.Error() != nil {
		t.Fatalf("subscriber: subscribe: %v", token.Error())
	}
	return s
}

// startWithSubscriber runs a mosquitto with a subscriber until the test ends.
func startWithSubscriber(t *testing.T) (*testkit.Mosquitto, *subscriber) {
	t.Helper()
	broker := testkit.StartMosquitto(t)
	return broker, subscribe(t, broker.URL())
}

// nextEvent fails the test unless the next event of the view "front" has this id.
func (s *subscriber) nextEvent(id string) {
	s.t.Helper()
	if m := s.next("edged/board/front/event"); !strings.Contains(m.payload, `"id":"`+id+`"`) {
		s.t.Fatalf("got %s, want event %s", m.payload, id)
	}
}

// publish publishes with QoS 1 and waits for the acknowledgement.
func (s *subscriber) publish(topic, payload string, retain bool) {
	s.t.Helper()
	if token := s.client.Publish(topic, 1, retain, payload); !token.WaitTimeout(eventually) || token.Error() != nil {
		s.t.Fatalf("publish %s: %v", topic, token.Error())
	}
}

// publishAndForget publishes with QoS 0.
func (s *subscriber) publishAndForget(topic, payload string) {
	s.client.Publish(topic, 0, false, payload)
}

// next returns the next message on the topic, skipping those on others.
func (s *subscriber) next(topic string) message {
	s.t.Helper()
	timeout := time.After(eventually)
	for {
		select {
		case m := <-s.messages:
			if m.topic == topic {
				return m
			}
		case <-timeout:
			s.t.Fatalf("no message on %s within %v", topic, eventually)
		}
	}
}

// until skips messages until one on the topic has the payload.
func (s *subscriber) until(topic, payload string) {
	s.t.Helper()
	for s.next(topic).payload != payload {
		continue
	}
}

// retained waits until each of these topics has given this retained payload.
func (s *subscriber) retained(want map[string]string) {
	s.t.Helper()
	left := len(want)
	timeout := time.After(eventually)
	for left > 0 {
		select {
		case m := <-s.messages:
			if value, ok := want[m.topic]; ok && m.payload == value && m.retained {
				left--
			}
		case <-timeout:
			s.t.Fatalf("%d of the retained messages %v are not there", left, want)
		}
	}
}

// runs holds a run ID for each publisher under test.
var runs sync.Map

// runOf returns the first part of the ids of the events that emit publishes.
func runOf(p *Publisher) string {
	run, _ := runs.LoadOrStore(p, newRunID())
	return run.(string)
}

// newRunID returns what makes event ids of one publisher differ from those of another.
func newRunID() string { return fmt.Sprintf("%08x", rand.Uint32()) }

// emit publishes an event of the action "wave" of the view "front", number n, that was seen just now.
func emit(p *Publisher, n uint64, phase sink.Phase) {
	e := event(n, phase)
	e.ID.Run = runOf(p)
	actionOf(p, "front", "wave").PublishEvent(e)
}

// event returns an event of the action "wave" of the view "front", number n, that was seen just now.
func event(n uint64, phase sink.Phase) sink.Event {
	now := clock.Monotonic()
	return sink.Event{
		ID: sink.ID{Run: "5f1c09ab", N: n}, Camera: "front", View: "front", Label: "wave", Phase: phase, Score: 0.75, Peak: 0.8125,
		Start: now - 2*time.Second, End: now - time.Second, Newest: now,
	}
}

// front returns the topics of the camera that every test has.
func front(p *Publisher) *CameraTopics { return must(p.Camera("front")) }

func viewOf(p *Publisher, path string) *ViewTopics { return must(p.View(path)) }

func actionOf(p *Publisher, path, label string) *ActionTopics {
	return must(viewOf(p, path).Action(label))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
