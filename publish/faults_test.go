package publish

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"edged/internal/mosquittotest"
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

// proxy stands between the publisher and the broker, and treats its bytes as it is told.
type proxy struct {
	target   string
	listener net.Listener

	mu       sync.Mutex
	conns    []net.Conn
	hole     atomic.Bool // forward nothing, in no direction, and close nothing
	mute     atomic.Bool // forward nothing to the client
	perTenth atomic.Int64
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	var config net.ListenConfig
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
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
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
	options.SetOnConnectHandler(func(client mqtt.Client) {
		client.Subscribe("edged/board/front/event", 1, func(_ mqtt.Client, m mqtt.Message) { c.take(m.Payload()) })
	})
	client := mqtt.NewClient(options)
	client.Connect()
	t.Cleanup(func() { client.Disconnect(0) })
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

func (c *tally) count() (different, repeated, disorder int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.seen {
		repeated += n - 1
	}
	return len(c.seen), repeated, c.disorder
}

func (c *tally) has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[id] > 0
}

// stream hands over 20 events a second until stop is called, which returns how many.
func stream(p *Publisher) (stop func() int) {
	n := 0
	end := background(func(ctx context.Context) {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			n++
			p.Event(event(uint64(n), Start))
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
	return func() int { end(); return n }
}

// persistent is a mosquitto that keeps sessions over a Shutdown.
func persistent(t *testing.T) *mosquittotest.Broker {
	t.Helper()
	return mosquittotest.New(t, "persistence true", "persistence_location "+t.TempDir()+"/", "max_queued_messages 0")
}

// Each fault, on a real mosquitto: nothing is lost, the order is kept, and what comes twice has the same id.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range []struct {
		name  string
		fault func(t *testing.T, b *mosquittotest.Broker, x *proxy)
	}{
		{"broker absent at the start", func(_ *testing.T, b *mosquittotest.Broker, _ *proxy) {
			b.Shutdown()
			time.Sleep(3 * time.Second)
			b.Start()
		}},
		{"broker restarted every 2 s", func(_ *testing.T, b *mosquittotest.Broker, _ *proxy) {
			for range choice(60, 6) {
				time.Sleep(2 * time.Second)
				b.Shutdown()
				b.Start()
			}
		}},
		{"black hole: packets vanish, nobody closes", func(_ *testing.T, _ *mosquittotest.Broker, x *proxy) {
			time.Sleep(time.Second)
			x.hole.Store(true)
			time.Sleep(choice(60*time.Second, 16*time.Second))
			x.hole.Store(false)
			x.cut() // what the hole has swallowed would be half a packet
		}},
		{"broker takes all and acknowledges nothing", func(_ *testing.T, _ *mosquittotest.Broker, x *proxy) {
			time.Sleep(time.Second)
			x.mute.Store(true)
			time.Sleep(choice(60*time.Second, 10*time.Second))
			x.mute.Store(false)
			x.cut()
		}},
		{"broker at 1 KB/s", func(_ *testing.T, _ *mosquittotest.Broker, x *proxy) {
			x.perTenth.Store(100)
			time.Sleep(choice(60*time.Second, 8*time.Second))
			x.perTenth.Store(0)
		}},
		{"broker process stopped (SIGSTOP)", func(_ *testing.T, b *mosquittotest.Broker, _ *proxy) {
			time.Sleep(time.Second)
			b.Pause()
			time.Sleep(choice(60*time.Second, 8*time.Second))
			b.Resume()
		}},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			b := persistent(t)
			b.Start()
			c := newTally(t, b.URL())
			x := newProxy(t, b.Address)
			p, _ := testPublisher(t, x.url(), func(p *Publisher) { p.QueueLength = 5000 })
			if err := p.OpenOutbox(t.TempDir()); err != nil {
				t.Fatal(err)
			}
			stopRun := run(t, p)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			stop := stream(p)
			f.fault(t, b, x)
			mended := time.Now()
			handed := stop()
			deadline := mended.Add(90 * time.Second) // the longest pause before another try, and the delivery
			for {
				if got, _, _ := c.count(); got == handed || time.Now().After(deadline) {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			recovered := time.Since(mended)
			stopRun()
			got, repeated, disorder := c.count()
			runtime.ReadMemStats(&after)
			if got != handed || disorder > 0 || p.Counters().EventsDropped > 0 {
				t.Errorf("%d events handed over, %d arrived, %d out of order, %d dropped", handed, got, disorder, p.Counters().EventsDropped)
			}
			report(t, f.name, handed, handed-got, repeated, recovered)
			t.Logf("heap of all faults together: %d KiB before, %d after", before.HeapAlloc>>10, after.HeapAlloc>>10)
		})
	}
}

// report is a row of docs/mqtt.md's table.
func report(t *testing.T, fault string, handed, lost, repeated int, recovered time.Duration) {
	t.Helper()
	t.Logf("| %s | %d | %d | %d | %.1f s |", fault, handed, lost, repeated, recovered.Seconds())
}

// The environment variables that turn this test binary into a publisher with an outbox, which prints the ids that it hands over.
const (
	childStream = "EDGED_TEST_STREAM_TO"
	childOutbox = "EDGED_TEST_OUTBOX"
)

func streamUntilKilled(url string) {
	p := &Publisher{Broker: url, Node: "board", Cameras: []Camera{{Name: "front", Labels: []string{"wave"}}}}
	if err := p.Initialize(); err != nil {
		panic(err)
	}
	if err := p.OpenOutbox(os.Getenv(childOutbox)); err != nil {
		panic(err)
	}
	go func() { panic(p.Run(context.Background())) }()
	for n := uint64(1); ; n++ {
		p.Event(event(n, Start))
		fmt.Printf("%s-%d\n", p.encoder.run, n)
		time.Sleep(50 * time.Millisecond)
	}
}

// A process killed at any instant loses at most the events of its last second, as docs/mqtt.md promises.
func TestKilledAtRandomInstants(t *testing.T) {
	t.Parallel()
	b := persistent(t)
	b.Start()
	c := newTally(t, b.URL())
	dir := t.TempDir()
	type handed struct {
		id   string
		safe bool // older than a second when the process died
	}
	kills := choice(50, 5)
	all := make([]handed, 0, 50*kills)
	for n := range kills {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childStream+"="+b.URL(), childOutbox+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var ids []string
		var times []time.Time
		read := make(chan struct{})
		go func() {
			defer close(read)
			for s := bufio.NewScanner(out); s.Scan(); {
				ids, times = append(ids, s.Text()), append(times, time.Now())
			}
		}()
		switch n % 4 { // also while the broker is away
		case 1:
			b.Pause()
		case 3:
			b.Resume()
		}
		time.Sleep(300*time.Millisecond + rand.N(2500*time.Millisecond))
		killed := time.Now()
		_ = child.Process.Kill()
		<-read
		_, _ = io.Copy(io.Discard, out)
		_ = child.Wait()
		for i, id := range ids {
			all = append(all, handed{id, killed.Sub(times[i]) > time.Second})
		}
	}
	if (kills-1)%4 == 1 || (kills-1)%4 == 2 {
		b.Resume()
	}
	// A last process delivers what is left.
	p, _ := testPublisher(t, b.URL(), func(p *Publisher) { p.Cameras[0].Labels = []string{"wave"} })
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	run(t, p)
	mended := time.Now()
	waitFor(t, "the outbox is empty", func() bool { return p.Counters().EventsWaiting == 0 })
	lost, young := 0, 0
	time.Sleep(300 * time.Millisecond)
	for _, h := range all {
		switch {
		case c.has(h.id):
		case h.safe:
			lost++
		default:
			young++
		}
	}
	_, repeated, _ := c.count()
	if lost > 0 {
		t.Errorf("%d of %d events that were older than a second are lost", lost, len(all))
	}
	report(t, fmt.Sprintf("SIGKILL %d times (%d younger than 1 s lost)", kills, young), len(all), lost, repeated, time.Since(mended))
}
