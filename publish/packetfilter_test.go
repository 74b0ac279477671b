package publish

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"edged/internal/sink"
	"edged/internal/testkit"
)

// queue is what a broker's kernel has taken and not yet sent.
type queue chan []byte

func (q queue) Write(b []byte) (int, error) {
	q <- b
	return len(b), nil
}

func (q queue) drain(conn net.Conn, pace time.Duration) {
	for b := range q {
		if len(b) == largePiece {
			time.Sleep(pace)
		}
		if _, err := conn.Write(b); err != nil {
			pace = 0
		}
	}
}

const largePiece = 8 << 10

// sendLarge writes a message with that many bytes after its topic.
func sendLarge(w io.Writer, size int) {
	topic := "edged/board/front/enabled/set"
	head := binary.AppendUvarint([]byte{0x30}, uint64(2+len(topic)+size)) // the same coding as MQTT's
	head = binary.BigEndian.AppendUint16(head, uint16(len(topic)))
	_, _ = w.Write(append(head, topic...))
	piece := make([]byte, largePiece)
	for ; size > 0; size -= len(piece) {
		_, _ = w.Write(piece[:min(size, len(piece))])
	}
}

// A message of any size costs neither memory nor the connection, however long it takes to come.
func TestALargeMessageIsNotRead(t *testing.T) {
	for name, broker := range map[string]*pipeBroker{
		"64 MB at once":        {large: 64 << 20},
		"8 MB at 8 KB/s":       {large: 8 << 20, pace: time.Second},
		"just what is allowed": {large: maxPacket - 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				received := make(chan *packets.PublishPacket, 1000)
				broker.received = received
				p, log := testPublisher(t, "tcp://broker.invalid", func(p *Publisher) { p.OnCommand = func(Command) {} })
				p.dial = broker.dial
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				stop := run(t, p)
				defer stop()
				emit(p, 1, sink.Start)
				time.Sleep(time.Hour)
				runtime.ReadMemStats(&after)
				if n := p.Counters().Connects; n != 1 || len(events(received)) != 1 {
					t.Errorf("%d connections, want 1 and the event: %s", n, log)
				}
				if n := p.Counters().CommandsRefused; n != 1 || !log.Has("edged/board/front/enabled/set")() {
					t.Errorf("%d messages refused, want 1: %s", n, log)
				}
				grown := float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20)
				if t.Logf("%.1f MB allocated", grown); broker.large > maxPacket && grown > 8 {
					t.Errorf("%.1f MB allocated for %d", grown, broker.large>>20)
				}
			})
		})
	}
}

// While it comes nothing else does: a broker that falls silent meanwhile is given up.
func TestALargeMessageThatStopsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, log := testPublisher(t, "tcp://broker.invalid")
		p.dial = (&pipeBroker{large: 8 << 20, pace: time.Hour}).dial
		stop := run(t, p)
		defer time.Sleep(200 * time.Hour) // the broker's kernel
		defer stop()
		time.Sleep(ackTimeout + time.Second)
		if !log.Has("did not acknowledge")() {
			t.Errorf("log: %s", log)
		}
	})
}

// With mosquitto. (Its websockets, 2.0.11's at least, stop amid a large message whoever reads.)
func TestALargeMessageOfMosquitto(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	ca, secure := newAuthority(t), testkit.FreeAddress(t)
	ca.sign("server", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	_, port, _ := net.SplitHostPort(secure)
	broker := testkit.StartMosquitto(t,
		"listener "+port+" 127.0.0.1", "cafile "+ca.file("ca.pem"), "certfile "+ca.file("server.pem"), "keyfile "+ca.file("server.key"))
	sub := subscribe(t, broker.URL())
	large := strings.Repeat("x", 3*maxPacket)
	sub.publish("homeassistant/status", large, true)
	for _, url := range []string{broker.URL(), "mqtts://" + secure} {
		t.Run(url, func(t *testing.T) {
			o := new(obeyed)
			p, log := testPublisher(t, url, discoverable, func(p *Publisher) {
				p.OnCommand, p.TLS = o.take, &tls.Config{RootCAs: ca.pool()}
			})
			run(t, p)
			waitFor(t, "the retained one", func() bool { return p.Counters().CommandsRefused == 1 })
			sub.publish("edged/board/front/enabled/set", large, false)
			sub.publish("edged/board/front/enabled/set", "OFF", false)
			waitFor(t, "a command after it", func() bool { return len(o.all()) == 1 })
			actionOf(p, "front", "left_to_right").PublishEvent(sink.Event{Phase: sink.Start})
			sub.next("edged/board/front/event")
			if c := p.Counters(); c.Connects != 1 || c.CommandsRefused != 2 || !slices.Contains([]int{1, 2}, strings.Count(log.String(), "message refused")) {
				t.Errorf("%+v: %s", c, log)
			}
		})
	}
}

// stream is messages as they come from a broker, of QoS 0 and 1 in turn, with payloads of these sizes.
func stream(sizes ...int) []byte {
	var b bytes.Buffer
	for n, size := range sizes {
		p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		p.TopicName, p.Payload, p.Qos, p.MessageID = "a/b", make([]byte, size), byte(n%2), uint16(n)
		_ = p.Write(&b)
	}
	return b.Bytes()
}

func TestWhatPahoGetsInPlaceOfALargeMessage(t *testing.T) {
	var refused []int
	in := newPacketFilter(bytes.NewReader(stream(10, 100, 20_000, 40_000, 95, 96)), 100, func(_ string, n int) { refused = append(refused, n) })
	var got []string
	for {
		p, err := packets.ReadPacket(in)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			break
		}
		switch p := p.(type) {
		case *packets.PublishPacket:
			got = append(got, fmt.Sprintf("%d on %s, id %d", len(p.Payload), p.TopicName, p.MessageID))
		case *packets.PingrespPacket:
			got = append(got, "pong")
		}
	}
	want := "[10 on a/b, id 0; pong; pong; pong; pong; pong; pong; 95 on a/b, id 0; pong]"
	if text := "[" + strings.Join(got, "; ") + "]"; text != want || fmt.Sprint(refused) != "[107 20005 40007 103]" {
		t.Errorf("got %s, refused %v; want %s", text, refused, want)
	}
}

// Acknowledgements wait behind a flood that edged reads slowly. The link stays alive meanwhile, and is silent once all is read.
func TestAFloodKeepsTheLinkAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flood := slices.Repeat(stream(10), 100)
		in := newPacketFilter(bytes.NewReader(flood), 100, nil)
		in.alive = 2 * time.Second
		messages, pongs, longest := 0, 0, time.Duration(0)
		for {
			p, err := packets.ReadPacket(in)
			if err != nil {
				break
			}
			switch p.(type) {
			case *packets.PublishPacket:
				messages++
				time.Sleep(100 * time.Millisecond)
				longest = max(longest, in.quiet())
			case *packets.PingrespPacket:
				pongs++
			}
		}
		if messages != 100 || pongs != 4 || longest > 200*time.Millisecond {
			t.Errorf("%d messages and %d pongs in 10 s, quiet for %v", messages, pongs, longest)
		}
		if time.Sleep(time.Minute); in.quiet() < time.Minute {
			t.Errorf("quiet for %v after a minute of silence", in.quiet())
		}
	})
}

func TestWhatIsNoMQTTEndsTheConnection(t *testing.T) {
	for name, text := range map[string]string{
		"a length without end":   "\x30\xff\xff\xff\xff\x01",
		"a large answer":         "\x90\xff\x7f" + strings.Repeat("x", 20000),
		"a topic beyond the end": "\x32\x80\x01\x00\x80" + strings.Repeat("x", 200),
		"a code too many":        "\x90\x05\x00\x01\x01\x01\x01",
	} {
		in := newPacketFilter(strings.NewReader(text), 100, func(string, int) {})
		in.codes = 2
		if got, err := io.ReadAll(in); len(got) > 0 || !errors.Is(err, errNoMQTT) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestAnOrdinaryPacketAllocatesNothing(t *testing.T) {
	packets, buf := stream(10, 20, 30), make([]byte, 20)
	source := bytes.NewReader(packets)
	in := newPacketFilter(source, 100, nil)
	if n := testing.AllocsPerRun(100, func() {
		source.Reset(packets)
		for left := len(packets); left > 0; {
			n, _ := in.Read(buf)
			left -= n
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// pieces reads no more than a random number of bytes at a time.
type pieces struct {
	io.Reader
	random *rand.Rand
}

func (p pieces) Read(b []byte) (int, error) {
	return p.Reader.Read(b[:min(len(b), p.random.IntN(8))])
}

// However the bytes come and are asked for, the same is handed on: of small packets all, of others what has no large one in it.
func FuzzPacketFilter(f *testing.F) {
	f.Add(stream(10, 20, 0), uint64(1))
	f.Add(stream(50, 200, 20, 300, 1), uint64(2))
	f.Add(stream(70_000), uint64(3))
	f.Add([]byte("\x30\xff\xff\xff\xff\x01"), uint64(4))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		const largest = 40
		refused := 0
		count := func(string, int) { refused++ }
		whole, err := io.ReadAll(newPacketFilter(bytes.NewReader(data), largest, count))
		random := rand.New(rand.NewPCG(seed, 1))
		small := pieces{newPacketFilter(pieces{bytes.NewReader(data), random}, largest, count), random}
		if got, e := io.ReadAll(small); !bytes.Equal(got, whole) || !errors.Is(e, err) {
			t.Errorf("in pieces %x, %v; at once %x, %v", got, e, whole, err)
		}
		if refused%2 != 0 || refused == 0 && !bytes.HasPrefix(data, whole) {
			t.Errorf("%d packets refused in both readings, of %x came %x", refused, data, whole)
		}
		all, err := io.ReadAll(newPacketFilter(bytes.NewReader(data), 1<<28, nil))
		if !bytes.HasPrefix(data, all) || err == nil && len(data)-len(all) > 4 { // half a header
			t.Errorf("of %x came %x", data, all)
		}
		refused = 0
		if again, _ := io.ReadAll(newPacketFilter(bytes.NewReader(whole), largest, count)); !bytes.HasPrefix(whole, again) || refused > 0 {
			t.Errorf("%x, read again, is %x", whole, again)
		}
	})
}
