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

// Somebody who subscribes to everything of boards with many labels gets all that is retained.
func TestManyRetainedMessages(t *testing.T) {
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
