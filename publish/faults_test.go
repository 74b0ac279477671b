package publish

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"edged/internal/background"
	"edged/internal/clock"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// trial is one fault: a broker, a proxy before it, and a publisher that is handed 20 events a second.
type trial struct {
	t      *testing.T
	broker *testkit.Mosquitto
	proxy  *proxy
	outbox string       // its folder
	jump   atomic.Int64 // what the wall clock is wrong by, ns

	mu     sync.Mutex // held while no publisher runs
	p      *Publisher
	log    *testkit.Log
	stop   func()
	handed []string
}

// start runs a publisher at the proxy. One before it has been stopped.
func (x *trial) start(setup ...func(*Publisher)) {
	x.t.Helper()
	x.p, x.log = testPublisher(x.t, x.proxy.url(), append(setup, func(p *Publisher) { p.QueueLength, p.QueueBytes = 5000, 1<<30 })...)
	if !long {
		impatient(x.p)
	}
	x.p.now = func() clock.Instant {
		now := clock.Now()
		now.Wall = now.Wall.Add(time.Duration(x.jump.Load()))
		return now
	}
	x.p.Outbox.now = x.p.now
	if err := x.p.Outbox.Open(x.outbox); err != nil {
		x.t.Fatal(err)
	}
	x.stop = run(x.t, x.p)
}

// reload is what edged does with a changed configuration: it ends one publisher, and starts another with the same outbox.
func (x *trial) reload(setup ...func(*Publisher)) {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stop()
	x.start(setup...)
}

// stream hands events over until the returned function is called.
func (x *trial) stream() (stop func()) {
	return background.Start(func(ctx context.Context) {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			x.mu.Lock()
			n := len(x.handed) + 1
			emit(x.p, uint64(n), sink.Start)
			x.handed = append(x.handed, fmt.Sprintf("%s-%d", runOf(x.p), n))
			x.mu.Unlock()
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
}

// Each fault, on a real mosquitto: nothing is lost, the order is kept, and what comes twice has the same id.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range []struct {
		name  string // %v: how long it lasts
		lasts time.Duration
		fault func(x *trial, lasts time.Duration)
		lines []string // of mosquitto's configuration
		setup func(*Publisher)
	}{
		{name: "broker absent at the start (%v)", lasts: choice(3*time.Second, time.Second), fault: func(x *trial, lasts time.Duration) {
			x.broker.Shutdown()
			time.Sleep(lasts)
			x.broker.Start()
		}},
		{name: "black hole for %v: packets vanish, nobody closes", lasts: choice(time.Minute, 4*time.Second), fault: func(x *trial, lasts time.Duration) {
			time.Sleep(time.Second)
			x.proxy.hole.Store(true)
			time.Sleep(lasts)
			x.proxy.hole.Store(false)
			x.proxy.cut() // what the hole has swallowed would be half a packet
		}},
		{name: "takes everything, acknowledges nothing, for %v", lasts: choice(time.Minute, 3*time.Second), fault: func(x *trial, lasts time.Duration) {
			time.Sleep(time.Second)
			x.proxy.mute.Store(true)
			time.Sleep(lasts)
			x.proxy.mute.Store(false)
			x.proxy.cut()
		}},
		{name: "1 KB/s for %v", lasts: choice(time.Minute, 3*time.Second), fault: func(x *trial, lasts time.Duration) {
			x.proxy.perTenth.Store(100)
			time.Sleep(lasts)
			x.proxy.perTenth.Store(0)
		}},
		{name: "broker's process stopped for %v (SIGSTOP)", lasts: choice(time.Minute, 3*time.Second), fault: func(x *trial, lasts time.Duration) {
			time.Sleep(time.Second)
			x.broker.Pause()
			time.Sleep(lasts)
			x.broker.Resume()
		}},
		{
			name: "wrong password for %v, then mended by a reload", lasts: choice(30*time.Second, time.Second),
			lines: []string{"allow_anonymous true", "password_file " + testkit.PasswordFile(t, "board", "right")},
			setup: func(p *Publisher) { p.Username, p.Password = "board", "wrong" },
			fault: func(x *trial, lasts time.Duration) {
				time.Sleep(lasts)
				waitFor(x.t, "the refusal's name", func() bool { return strings.Contains(x.log.String(), "user name or password is wrong") })
				x.reload(func(p *Publisher) { p.Username, p.Password = "board", "right" })
			},
		},
		{name: "clock jumps by -1 h, edged restarts, by +10 years, it restarts; each %v without the broker", lasts: choice(10*time.Second, time.Second), fault: func(x *trial, lasts time.Duration) {
			x.broker.Shutdown()
			for _, jump := range []time.Duration{-time.Hour, 10 * 365 * 24 * time.Hour} {
				time.Sleep(lasts)
				x.jump.Store(int64(jump))
				x.reload()
			}
			time.Sleep(lasts)
			x.broker.Start()
		}},
	} {
		name := strings.ReplaceAll(f.name, "%v", f.lasts.String())
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &trial{t: t, broker: persistent(t, f.lines...), outbox: t.TempDir()}
			x.try(name, f.setup, func(x *trial) { f.fault(x, f.lasts) })
		})
	}
	t.Run("certificate", func(t *testing.T) {
		t.Parallel()
		expiredCertificate(t)
	})
}

// try runs the fault under load and reports what became of the events.
func (x *trial) try(name string, setup func(*Publisher), fault func(*trial)) {
	t := x.t
	x.broker.Start()
	c := newTally(t, x.broker.URL())
	if x.proxy == nil {
		x.proxy = newProxy(t, x.broker.Address)
	}
	if setup == nil {
		setup = func(*Publisher) {}
	}
	x.start(setup)
	stop, began := x.stream(), time.Now()
	fault(x)
	stop()
	mustBeUnderLoad(t, len(x.handed), time.Since(began), 0)
	lost, recovered := c.await(x.handed)
	x.stop()
	repeated, disorder := c.count()
	if lost > 0 || disorder > 0 || x.p.Counters().EventsDropped > 0 {
		t.Errorf("of %d events %d are missing, %d came out of order, %d were dropped: %s",
			len(x.handed), lost, disorder, x.p.Counters().EventsDropped, x.log)
	}
	report(t, name, len(x.handed), lost, repeated, recovered)
}

// A link that only this side knows to be dead: the broker goes on to believe in the first connection while the second is there.
// What it says of the first one's end must not be the last word.
func TestAHalfOpenLinkLeavesNobodyOffline(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	b := testkit.StartMosquitto(t)
	first, second := newProxy(t, b.Address), newProxy(t, b.Address)
	p, _ := testPublisher(t, first.url(), impatient, func(p *Publisher) { p.Brokers = []string{second.url()} })
	run(t, p)
	waitFor(t, "connected", func() bool { return p.Counters().StatesSent >= 4 })
	first.hole.Store(true)
	waitFor(t, "the second connection", func() bool { return p.Counters().Connects == 2 && p.Counters().StatesSent >= 8 })
	time.Sleep(2 * p.KeepAlive) // what the broker would say of a connection that is silent for one and a half
	subscribe(t, b.URL()).retained(map[string]string{"edged/board/status": online})
	if n := p.Counters().Connects; n != 2 {
		t.Errorf("%d connections", n)
	}
}

// The broker's certificate has expired, and is then renewed.
func expiredCertificate(t *testing.T) {
	ca := newAuthority(t)
	sign := func(until time.Duration) {
		now := time.Now()
		ca.sign("server", &x509.Certificate{
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			NotBefore:   now.Add(until - 48*time.Hour), NotAfter: now.Add(until),
		})
	}
	sign(-time.Hour)
	secure := testkit.FreeAddress(t)
	_, port, _ := net.SplitHostPort(secure)
	x := &trial{t: t, outbox: t.TempDir(), proxy: newProxy(t, secure), broker: persistent(t,
		"listener "+port+" 127.0.0.1", "certfile "+ca.file("server.pem"), "keyfile "+ca.file("server.key"))}
	setup := func(p *Publisher) {
		p.Broker = strings.Replace(p.Broker, "tcp:", "mqtts:", 1)
		p.TLS = &tls.Config{RootCAs: ca.pool()}
	}
	lasts := choice(30*time.Second, time.Second)
	x.try(fmt.Sprintf("certificate expired for %v, then renewed", lasts), setup, func(x *trial) {
		time.Sleep(lasts)
		waitFor(t, "its name", func() bool { return strings.Contains(x.log.String(), "certificate has expired") })
		x.broker.Shutdown()
		sign(time.Hour)
		x.broker.Start()
	})
}
