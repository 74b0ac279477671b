package broker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"edged/internal/testkit"
)

var (
	connectMQTT5   = []byte("\x10\x0f\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x02id")
	connectMQTT311 = []byte("\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02id")

	// truncatedSubscribe is a SUBSCRIBE of MQTT 5 without the options byte that must follow the topic filter "a": it makes
	// the server library panic (mochi-mqtt issue #501).
	truncatedSubscribe = []byte{0x82, 6, 0, 1, 0, 0, 1, 'a'}

	// hugePublish announces a PUBLISH of 256 MB less one byte, the most that MQTT has (mochi-mqtt issue #502).
	hugePublish = []byte{0x30, 0xff, 0xff, 0xff, 0x7f}
	// largePublish announces one that the broker just accepts.
	largePublish = []byte{0x30, 0xff, 0xff, 0x3f}
	hugeConnect  = []byte{0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4, 'M', 'Q', 'T', 'T', 4}
)

func TestMQTT5IsRefusedBeforeItCanHarm(t *testing.T) {
	t.Parallel()
	r, pid := start(t)
	conn := r.dial()
	if _, err := conn.Write(append(bytes.Clone(connectMQTT5), truncatedSubscribe...)); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn) // the broker resets the connection, with the SUBSCRIBE unread
	if !bytes.Equal(answer, []byte{0x20, 3, 0, 0x84, 0}) {
		t.Errorf("answer % x, want a CONNACK with reason 0x84, unsupported protocol version", answer)
	}
	r.works()
	if len(r.pids) > 0 || peakMemory(t, pid) == 0 {
		t.Error("the broker's process is another than before the attack")
	}
	r.stop()
	if !strings.Contains(r.log.String(), "set it to MQTT 3.1.1") {
		t.Errorf("the log does not say what to do:\n%s", r.log)
	}
}

func TestAnnouncedPacketsDoNotSwellTheBroker(t *testing.T) {
	t.Parallel()
	r, pid := start(t)
	r.works()
	for name, packets := range map[string][]byte{
		"CONNECT of 256 MB":          hugeConnect,
		"PUBLISH of 256 MB":          append(bytes.Clone(connectMQTT311), hugePublish...),
		"PUBLISH of 256 MB at first": hugePublish,
	} {
		for range 10 {
			conn := r.dial()
			if _, err := conn.Write(packets); err != nil {
				t.Fatal(err)
			}
			if staysOpen(conn) {
				t.Fatalf("%s: the connection stays open", name)
			}
		}
	}
	// Packets within the limit may stay announced, for as long as the client's keepalive allows.
	for range 10 {
		conn := r.dial()
		if _, err := conn.Write(append(bytes.Clone(connectMQTT311), largePublish...)); err != nil {
			t.Fatal(err)
		}
	}
	r.works()
	if peak := peakMemory(t, pid); peak > 64<<20 {
		t.Errorf("the broker took %d MB", peak>>20)
	} else {
		t.Logf("the broker took %d MB at most", peak>>20)
	}
}

// Who is away with a session gets the first thousand events, and snapshots as far as they cost little.
func TestAnAbsentSubscriberDoesNotSwellTheBroker(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	r, pid := start(t)
	absent := mqtt.NewClientOptions().AddBroker("tcp://" + r.address).SetClientID("absent").SetCleanSession(false).SetAutoReconnect(false)
	events := make(chan string, 2000)
	client := mqtt.NewClient(absent.SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
		if m.Topic() == "event" {
			events <- string(m.Payload())
		}
	}))
	r.await(client.Connect())
	r.await(client.Subscribe("#", 1, nil))
	client.Disconnect(100)

	p := r.client("publisher")
	picture := make([]byte, 100_000)
	const shots, seen = 1500, 1200
	for n := range shots {
		r.await(p.Publish("snapshot", 1, true, picture))
		if n < seen {
			r.await(p.Publish("event", 1, false, fmt.Sprint(n)))
		}
	}
	if peak := peakMemory(t, pid); peak > 64<<20 {
		t.Errorf("the broker took %d MB", peak>>20)
	} else {
		t.Logf("the broker took %d MB at most", peak>>20)
	}
	client = mqtt.NewClient(absent)
	r.await(client.Connect())
	defer client.Disconnect(100)
	waitFor(t, "the events that may wait", func() bool { return len(events) >= maxWaiting-maxLarge-1 })
	time.Sleep(100 * time.Millisecond)
	if n := len(events); n > maxWaiting {
		t.Errorf("%d events were kept, more than %d", n, maxWaiting)
	}
}

// limit is what the broker's process may take at most, whatever clients do.
const limit = 160 << 20

func (r *running) staysSmall(pid int, what string) {
	r.t.Helper()
	r.works()
	peak := peakMemory(r.t, pid)
	r.t.Logf("%s: %d MB at most", what, peak>>20)
	if peak > limit || len(r.pids) > 0 {
		r.t.Errorf("%s: %d MB at most; %d restarts: %s", what, peak>>20, len(r.pids), r.log)
	}
}

// megabyte is about the largest message that the broker takes.
var megabyte = make([]byte, maxPacketBytes-100)

// What is retained is bounded in bytes. What was retained before stays, and can be replaced and removed.
func TestRetainedBytesAreBounded(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	r, pid := start(t)
	p := r.client("publisher")
	r.await(p.Publish("state", 1, true, "ON"))
	for n := range 451 {
		r.await(p.Publish(fmt.Sprint("large/", n), 1, true, megabyte))
	}
	r.await(p.Publish("state", 1, true, "OFF"))
	r.await(p.Publish("large/0", 1, true, ""))
	r.await(p.Publish("late", 1, true, megabyte[:len(megabyte)/2]))
	got := make(chan mqtt.Message, 1000)
	r.await(r.client("subscriber").Subscribe("#", 1, func(_ mqtt.Client, m mqtt.Message) {
		if m.Retained() && !strings.HasPrefix(m.Topic(), "$SYS") {
			got <- m
		}
	}))
	seen := map[string]bool{}
	waitFor(t, "what is retained", func() bool {
		for len(got) > 0 {
			m := <-got
			seen[m.Topic()] = true
			if m.Topic() == "state" && string(m.Payload()) != "OFF" {
				t.Errorf("state %s", m.Payload())
			}
		}
		return seen["state"] && seen["late"] && seen["large/1"]
	})
	if seen["large/0"] || seen["large/450"] {
		t.Error("a message that was removed, or for which there is no room, is retained")
	}
	r.staysSmall(pid, "451 retained messages of a megabyte")
	r.stop()
	if n := strings.Count(r.log.String(), "no room for another retained"); n < 1 || n > 10 {
		t.Errorf("%d lines in the log", n)
	}
}

// subscribePacket is a SUBSCRIBE of MQTT 3.1.1 to one filter.
func subscribePacket(filter string, qos byte) []byte {
	p := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	p.MessageID, p.Topics, p.Qoss = 1, []string{filter}, []byte{qos}
	var text bytes.Buffer
	_ = p.Write(&text)
	return text.Bytes()
}

// A subscriber that reads nothing costs a bounded number of bytes; then it is disconnected. Others notice nothing.
func TestAStalledSubscriberIsDisconnected(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	r, pid := start(t)
	p := r.client("publisher")
	heard := make(chan struct{}, 1)
	r.await(r.client("healthy").Subscribe("large", 0, func(mqtt.Client, mqtt.Message) { heard <- struct{}{} }))
	stalled := make([]net.Conn, 10)
	for i := range stalled {
		stalled[i] = r.dial()
		connect := strings.Replace(string(connectMQTT311), "id", fmt.Sprintf("%02d", i), 1)
		if _, err := stalled[i].Write(append([]byte(connect), subscribePacket("large", 0)...)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(stalled[i], make([]byte, 4+5)); err != nil { // CONNACK and SUBACK
			t.Fatal(err)
		}
	}
	for n := range 451 { // one at a time: on a busy machine even a healthy subscriber could fall behind, and the broker would be right to drop
		r.await(p.Publish("large", 1, false, megabyte))
		select {
		case <-heard:
		case <-time.After(eventually):
			t.Fatalf("the healthy subscriber did not get message %d", n)
		}
	}
	r.staysSmall(pid, "ten stalled subscribers")
	for _, conn := range stalled {
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a stalled subscriber is still connected")
		}
	}
}

// Subscribers that acknowledge nothing cost a bounded number of bytes.
func TestUnacknowledgedBytesAreBounded(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	r, pid := start(t)
	p := r.client("publisher")
	for i := range 4 {
		conn := r.dial()
		connect := strings.Replace(string(connectMQTT311), "id", fmt.Sprintf("%02d", i), 1)
		if _, err := conn.Write(append([]byte(connect), subscribePacket("large", 1)...)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 4+5)); err != nil { // CONNACK and SUBACK
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, conn) }()
	}
	for range 200 {
		r.await(p.Publish("large", 1, false, megabyte))
	}
	r.staysSmall(pid, "200 megabytes that four subscribers do not acknowledge")
}

// Filters are bounded by what they take.
func TestDeepFiltersAreBounded(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	r, pid := start(t)
	c := r.client("subscriber")
	deep := strings.Repeat("/", maxLevels-2)
	var refused int
	for batch := range 280 {
		filters := map[string]byte{}
		for n := range 100 {
			filters[fmt.Sprint(100*batch+n, deep)] = 0
		}
		token := c.SubscribeMultiple(filters, nil).(*mqtt.SubscribeToken)
		if !token.WaitTimeout(eventually) {
			t.Fatal("no answer")
		}
		for _, code := range token.Result() {
			if code == 0x80 {
				refused++
			}
		}
	}
	if refused < 20_000 || refused >= 28_000 {
		t.Errorf("%d of 28,000 filters were refused", refused)
	}
	c.Disconnect(100)
	another := r.client("another")
	waitFor(t, "there is room again", func() bool {
		token := another.Subscribe("t", 0, nil).(*mqtt.SubscribeToken)
		return token.WaitTimeout(eventually) && token.Result()["t"] == 0
	})
	r.staysSmall(pid, "28,000 deep filters")
}

// Who subscribes to thousands of ordinary topics gets them.
func TestManySubscriptionsAreGranted(t *testing.T) {
	t.Parallel()
	r, _ := start(t)
	c := r.client("subscriber")
	for view := range 64 {
		filters := map[string]byte{}
		for n := range 100 {
			filters[fmt.Sprintf("edged/kitchen/camera%d/label%d/state", view, n)] = 0
		}
		token := c.SubscribeMultiple(filters, nil).(*mqtt.SubscribeToken)
		if r.await(token); len(token.Result()) != 100 {
			t.Fatalf("%d answers", len(token.Result()))
		}
		for filter, code := range token.Result() {
			if code != 0 {
				t.Fatalf("%s is refused", filter)
			}
		}
	}
}

// A topic of tens of thousands of levels costs its sender the connection, and nobody else anything.
func TestATopicOfManyLevelsStallsNobody(t *testing.T) {
	t.Parallel()
	r, pid := start(t)
	topic := strings.Repeat("/", 60_000)
	publish := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	publish.TopicName, publish.Qos, publish.MessageID, publish.Retain, publish.Payload = topic, 1, 1, true, []byte("x")
	will := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	will.ProtocolName, will.ProtocolVersion, will.ClientIdentifier, will.CleanSession = "MQTT", 4, "will", true
	will.WillFlag, will.WillTopic, will.WillMessage, will.WillRetain = true, topic, []byte("x"), true
	for name, send := range map[string]func(io.Writer) error{
		"published": publish.Write, "will": will.Write,
		"filter": func(w io.Writer) error { _, err := w.Write(subscribePacket(topic, 0)); return err },
	} {
		conn := r.dial()
		if name != "will" {
			_, _ = conn.Write(connectMQTT311)
		}
		if err := send(conn); err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.TCPConn).CloseWrite() // the broker may have hung up
		began := time.Now()
		_, _ = io.Copy(io.Discard, conn) // until the broker has dealt with it
		r.works()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: the broker was held up for %v", name, took)
		}
	}
	r.staysSmall(pid, "topics of 60,000 levels")
}

// A mosquitto bridge with its default settings asks for a dialect, is refused in its own version, and comes back without it.
func TestAMosquittoBridgeConnects(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	r, _ := start(t)
	_, port, _ := net.SplitHostPort(r.address)
	mosquitto := testkit.StartMosquitto(t, "connection edged", "address 127.0.0.1:"+port, "topic # out 1", "restart_timeout 1")
	var got atomic.Uint64
	r.await(r.client("subscriber").Subscribe("house/light", 1, func(mqtt.Client, mqtt.Message) { got.Add(1) }))
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(mosquitto.URL()).SetClientID("switch"))
	r.await(c.Connect())
	defer c.Disconnect(100)
	waitFor(t, "a message through the bridge", func() bool {
		r.await(c.Publish("house/light", 1, false, "ON"))
		return got.Load() > 0
	})
	r.stop()
	if strings.Contains(r.log.String(), "MQTT 5") {
		t.Errorf("log: %s", r.log)
	}
}

// Refused connections in quick succession are a few lines in the log.
func TestRefusedConnectionsDoNotFloodTheLog(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	r, _ := start(t)
	for range maxConnections {
		r.dial()
	}
	for range 500 {
		conn := r.dial()
		_, _ = io.Copy(io.Discard, conn)
	}
	r.stop()
	if n := strings.Count(r.log.String(), "connection refused"); n < 1 || n > 3 {
		t.Errorf("%d lines in the log", n)
	}
}

// Somebody who subscribes to everything of boards with many labels gets all that is retained.
func TestManyRetainedMessages(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	r, _ := start(t)
	p := r.client("publisher")
	const topics = 3000
	for n := range topics {
		r.await(p.Publish(fmt.Sprint("state/", n), 1, true, "OFF"))
	}
	var got atomic.Uint64
	sub := r.client("subscriber")
	r.await(sub.Subscribe("#", 1, func(_ mqtt.Client, m mqtt.Message) {
		if m.Retained() && strings.HasPrefix(m.Topic(), "state/") {
			got.Add(1)
		}
	}))
	waitFor(t, "all of them", func() bool { return got.Load() == topics })
}

func TestConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	r, _ := start(t)
	open := make([]net.Conn, 0, maxConnections)
	for range maxConnections {
		open = append(open, r.dial())
	}
	if staysOpen(r.dial()) {
		t.Errorf("connection %d stays open", maxConnections+1)
	}
	open[0].Close()
	waitFor(t, "a place is free again", func() bool { return acceptsClient(r.dial()) })
}

// staysOpen says whether the broker leaves the connection open, as opposed to closing it well before it closes silent ones.
func staysOpen(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(connectWithin / 2))
	_, err := io.Copy(io.Discard, conn)
	return errors.Is(err, os.ErrDeadlineExceeded)
}
