package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"edged/internal/background"
	"edged/internal/testkit"
)

// long is set by make test-faults, for the durations that docs/mqtt.md reports.
var long = os.Getenv("EDGED_FAULTS") == "long"

// choice is the first where the durations are long, else the second.
func choice[T any](whole, brief T) T {
	if long {
		return whole
	}
	return brief
}

// report is a row of docs/mqtt.md's table.
func report(t *testing.T, fault string, handed, lost, repeated int, recovered time.Duration) {
	t.Helper()
	t.Logf("| %s | %d | %d | %d | %.1f s |", fault, handed, lost, repeated, recovered.Seconds())
}

// mustBeUnderLoad wants a tenth of the 20 events a second that a test hands over; else it says little that none is lost. starts is how many
// processes had to start in this time, which may take long on a busy machine.
func mustBeUnderLoad(t *testing.T, handed int, ran time.Duration, starts int) {
	t.Helper()
	ran -= time.Duration(starts) * 2 * time.Second
	if least := max(1, int(ran/(500*time.Millisecond))); handed < least {
		t.Errorf("only %d events were handed over, want at least %d", handed, least)
	}
}

// proxy stands between the publisher and the broker, and treats its bytes as it is told.
type proxy struct {
	target   string
	listener net.Listener

	mu       sync.Mutex
	conns    []net.Conn
	hole     atomic.Bool // forward nothing, in no direction, and close nothing
	mute     atomic.Bool // forward nothing to the client
	perTenth atomic.Int64
	delay    time.Duration // of everything, in each direction; set it before the first connection
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	return newProxyOn(t, target, net.ListenConfig{})
}

func newProxyOn(t *testing.T, target string, config net.ListenConfig) *proxy {
	t.Helper()
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: target, listener: l}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := new(net.Dialer).DialContext(t.Context(), "tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, client, server)
			p.mu.Unlock()
			running.Go(func() { p.forward(server, client, false) })
			running.Go(func() { p.forward(client, server, true) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.cut()
		running.Wait()
	})
	return p
}

func (p *proxy) url() string { return "tcp://" + p.listener.Addr().String() }

// cut closes all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *proxy) forward(to, from net.Conn, toClient bool) {
	defer to.Close()
	out := io.Writer(to)
	if p.delay > 0 {
		l := make(lag, 10_000)
		defer background.Start(func(context.Context) { l.drain(to) })()
		defer close(l)
		out = delayed{l, p.delay}
	}
	buf := make([]byte, 4096)
	for {
		size := len(buf)
		if n := p.perTenth.Load(); n > 0 {
			size = int(n)
			time.Sleep(100 * time.Millisecond)
		}
		n, err := from.Read(buf[:size])
		if err != nil {
			return
		}
		if p.hole.Load() || toClient && p.mute.Load() {
			continue
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return
		}
	}
}

// lag is bytes on a long way.
type lag chan func(io.Writer)

func (l lag) drain(to io.Writer) {
	for write := range l {
		write(to)
	}
}

// delayed writes everything that much later.
type delayed struct {
	lag
	by time.Duration
}

func (d delayed) Write(b []byte) (int, error) {
	due, text := time.Now().Add(d.by), bytes.Clone(b)
	d.lag <- func(to io.Writer) {
		time.Sleep(time.Until(due))
		_, _ = to.Write(text)
	}
	return len(b), nil
}

// tally is a subscriber with a session that outlives its connections: what the broker has acknowledged it gets.
type tally struct {
	mu       sync.Mutex
	seen     map[string]int // how often each event came
	disorder int            // events that came for the first time after a later one
	newest   map[string]int // by run
}

func newTally(t *testing.T, url string) *tally {
	t.Helper()
	c := &tally{seen: map[string]int{}, newest: map[string]int{}}
	options := mqtt.NewClientOptions().AddBroker(url).SetClientID("tally").SetCleanSession(false).SetOrderMatters(true).
		SetConnectRetry(true).SetConnectRetryInterval(50 * time.Millisecond).SetMaxReconnectInterval(100 * time.Millisecond)
	subscribed := make(chan mqtt.Token, 100)
	options.SetOnConnectHandler(func(client mqtt.Client) {
		token := client.Subscribe("edged/board/front/event", 1, func(_ mqtt.Client, m mqtt.Message) { c.take(m.Payload()) })
		select {
		case subscribed <- token:
		default:
		}
	})
	client := mqtt.NewClient(options)
	client.Connect()
	t.Cleanup(func() { client.Disconnect(0) })
	if token := <-subscribed; !token.WaitTimeout(eventually) || token.Error() != nil { // from here on the broker keeps what it misses
		t.Fatalf("tally: %v", token.Error())
	}
	return c
}

func (c *tally) take(payload []byte) {
	var e struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(payload, &e)
	run, number, _ := strings.Cut(e.ID, "-")
	var n int
	_, _ = fmt.Sscan(number, &n)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[e.ID] == 0 && n < c.newest[run] {
		c.disorder++
	}
	c.newest[run] = max(c.newest[run], n)
	c.seen[e.ID]++
}

func (c *tally) count() (repeated, disorder int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.seen {
		repeated += n - 1
	}
	return repeated, c.disorder
}

// persistent is a mosquitto that keeps sessions over a Shutdown.
func persistent(t *testing.T, config ...string) *testkit.Mosquitto {
	t.Helper()
	return testkit.NewMosquitto(t, append([]string{"persistence true", "persistence_location " + t.TempDir() + "/", "max_queued_messages 0"}, config...)...)
}

// missing returns how many of the ids have not come.
func (c *tally) missing(ids []string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if c.seen[id] == 0 {
			n++
		}
	}
	return n
}

// await returns how many of the ids are still missing after a time in which the longest pause before another try, and the
// delivery, must be over.
func (c *tally) await(ids []string) (missing int, took time.Duration) {
	began := time.Now()
	for deadline := began.Add(90 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if missing = c.missing(ids); missing == 0 || time.Now().After(deadline) {
			return missing, time.Since(began)
		}
	}
}
