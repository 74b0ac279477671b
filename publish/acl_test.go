package publish

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"edged/internal/sink"
	"edged/internal/testkit"
)

// restricted is a mosquitto whose user "board" may use only what the rules say; whoever names no user may do everything.
func restricted(t *testing.T, rules string) *testkit.Mosquitto {
	t.Helper()
	acl := filepath.Join(t.TempDir(), "acl")
	if err := os.WriteFile(acl, []byte("topic readwrite #\n\nuser board\n"+rules+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return testkit.StartMosquitto(t, "acl_file "+acl, "allow_anonymous true")
}

// withShortEchoes has the publisher expect echoes within a second.
func withShortEchoes(p *Publisher) *Publisher {
	p.echoes.timeout, p.echoes.every = time.Second, 100*time.Millisecond
	return p
}

// heardAll reports whether a message of each of these topics has come back.
func heardAll(p *Publisher) bool {
	p.echoes.mu.Lock()
	defer p.echoes.mu.Unlock()
	for _, t := range p.echoes.topics {
		if t.missing || t.awaited {
			return false
		}
	}
	return true
}

// What docs/mqtt.md tells an administrator to allow is enough for everything.
func TestTheDocumentedACLIsEnough(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	o := new(obeyed)
	b := restricted(t, "topic readwrite edged/board/#\ntopic readwrite homeassistant/device/edged-board/config\ntopic read homeassistant/status")
	sub := subscribe(t, b.URL())
	p, log := testPublisher(t, b.URL(), discoverable, func(p *Publisher) { p.Username, p.OnCommand = "board", o.take })
	run(t, p)
	sub.next(configTopic)
	sub.publish("edged/board/front/enabled/set", "OFF", false)
	waitFor(t, "the command", func() bool { return len(o.all()) == 1 })
	sub.publish("homeassistant/status", "online", false)
	sub.next(configTopic)
	for path, label := range map[string]string{"front": "left_to_right", "yard/gate": "wave", "yard/path": "wave"} {
		actionOf(p, path, label).PublishEvent(sink.Event{Phase: sink.Start})
	}
	waitFor(t, "all events are acknowledged", func() bool { return p.Counters().EventsSent == 3 })
	waitFor(t, "all echoes", func() bool { return heardAll(p) })
	if text := log.String(); strings.Contains(text, "access rules") {
		t.Errorf("log: %s", text)
	}
}

// Each kind of topic is looked at by itself: what is allowed for one says nothing about another.
func TestWhatTheBrokerDropsIsNamed(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	allowed := map[string]string{
		"edged/board/status":           "topic readwrite edged/board/status",
		"edged/board/front/wave/state": "topic readwrite edged/board/+/+/state",
		"edged/board/front/event":      "topic readwrite edged/board/front/event",
		configTopic:                    "topic readwrite " + configTopic,
	}
	for _, drops := range []string{"edged/board/status", "edged/board/front/wave/state", "edged/board/front/event", configTopic} {
		t.Run(drops, func(t *testing.T) {
			t.Parallel()
			var rules []string
			for topic, rule := range allowed {
				if topic != drops {
					rules = append(rules, rule)
				}
			}
			b := restricted(t, strings.Join(rules, "\n"))
			p, log := testPublisher(t, b.URL(), func(p *Publisher) { p.Username, p.Discovery.Prefix = "board", "homeassistant" })
			run(t, withShortEchoes(p))
			emit(p, 1, sink.Start)
			waitFor(t, "it is named", func() bool { return slices.Equal(p.Unheard(), []string{drops}) })
			waitFor(t, "the event is acknowledged nevertheless", func() bool { return p.Counters().EventsSent == 1 })
			if text := log.String(); strings.Count(text, "does not deliver") != 1 || !strings.Contains(text, "needed=\"edged/board/# "+configTopic) {
				t.Errorf("log: %s", text)
			}
		})
	}
}

// Rules that change while a connection lives are noticed with the next event, and so is their end.
func TestRulesThatChangeAreNoticed(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	const events = "topic readwrite edged/board/front/event\n"
	acl := filepath.Join(t.TempDir(), "acl")
	write := func(rules string) {
		rules = "user board\ntopic readwrite edged/board/status\ntopic readwrite edged/board/+/+/state\n" + rules
		if err := os.WriteFile(acl, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(events)
	b := testkit.StartMosquitto(t, "acl_file "+acl, "allow_anonymous true")
	p, log := testPublisher(t, b.URL(), func(p *Publisher) { p.Username = "board" })
	run(t, withShortEchoes(p))
	emit(p, 1, sink.Start)
	waitFor(t, "all echoes", func() bool { return p.Counters().EventsSent == 1 && heardAll(p) })
	write("")
	b.Reload()
	var n uint64 = 1
	each := time.NewTicker(50 * time.Millisecond)
	defer each.Stop()
	emitUntil := func(what string, holds func() bool) {
		waitFor(t, what, func() bool {
			<-each.C
			n++
			emit(p, n, sink.Start)
			return holds()
		})
	}
	emitUntil("the loss is noticed", func() bool { return slices.Equal(p.Unheard(), []string{"edged/board/front/event"}) })
	write(events)
	b.Reload()
	emitUntil("its end is noticed", func() bool { return len(p.Unheard()) == 0 })
	if p.Counters().Connects != 1 || !log.Has("delivers this topic again")() {
		t.Errorf("%d connections: %s", p.Counters().Connects, log)
	}
}

// States that do not change are published again once in a while, to see whether they still come back.
func TestStatesAreLookedAtAgain(t *testing.T) {
	received := make(chan *packets.PublishPacket, 10_000)
	broker := &pipeBroker{received: received}
	broker.echoes.Store(true)
	bubble(t, broker.dial, func(t *testing.T, p *Publisher, log *testkit.Log) {
		time.Sleep(time.Hour)
		if n := len(received); len(p.Unheard()) > 0 || n > 2*12+10 {
			t.Errorf("%d messages in an hour, %v do not come back: %s", n, p.Unheard(), log)
		}
		broker.echoes.Store(false)
		time.Sleep(echoEvery + echoTimeout + 2*time.Second)
		if want := []string{"edged/board/front/wave/state", "edged/board/status"}; !slices.Equal(p.Unheard(), want) {
			t.Errorf("%v do not come back, want %v: %s", p.Unheard(), want, log)
		}
		broker.echoes.Store(true)
		time.Sleep(echoSoon + time.Second)
		if len(p.Unheard()) > 0 {
			t.Errorf("%v do not come back: %s", p.Unheard(), log)
		}
	})
}

// A broker that does say no, as mosquitto's own plugin for access control can.
func TestARefusedSubscriptionIsReportedOnce(t *testing.T) {
	t.Parallel()
	plugins, err := filepath.Glob("/usr/lib/*/mosquitto_dynamic_security.so")
	if err != nil || len(plugins) == 0 {
		t.Fatal("Debian's mosquitto comes with mosquitto_dynamic_security.so; it is not there")
	}
	rules := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(rules, []byte(`{"defaultACLAccess":{"publishClientSend":true,"publishClientReceive":true,"subscribe":false,"unsubscribe":true},
		"clients":[],"groups":[],"roles":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	b := testkit.StartMosquitto(t, "allow_anonymous true", "plugin "+plugins[0], "plugin_opt_config_file "+rules)
	p, log := testPublisher(t, b.URL(), func(p *Publisher) { p.OnCommand, p.Discovery.Prefix = new(obeyed).take, "homeassistant" })
	run(t, p)
	emit(p, 1, sink.Start)
	waitFor(t, "what may be published is", func() bool { return p.Counters().EventsSent == 1 })
	waitFor(t, "nothing is expected", func() bool { return heardAll(p) })
	if again := p.echoes.takeUnchecked(); len(again) > 0 { // as every few minutes
		t.Errorf("%v would be subscribed to again, and events expected back", again)
	}
	if n := strings.Count(log.String(), "refuses subscriptions"); n != 1 || p.Counters().Connects != 1 ||
		!strings.Contains(log.String(), "edged/board/+/enabled/set") || !strings.Contains(log.String(), "homeassistant/status") {
		t.Errorf("%d reports, %d connections: %s", n, p.Counters().Connects, log)
	}
}

func TestAnExpiredCertificateIsNamed(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	ca.sign("server", &x509.Certificate{
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore:   time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour),
	})
	b := testkit.StartMosquitto(t, "certfile "+ca.file("server.pem"), "keyfile "+ca.file("server.key"))
	p, log := testPublisher(t, "mqtts://"+b.Address, func(p *Publisher) { p.TLS = &tls.Config{RootCAs: ca.pool()} })
	run(t, p)
	waitFor(t, "it is named", func() bool { return strings.Contains(log.String(), "certificate has expired") })
}

// A mosquitto on the board that bridges to one in the house: the example of docs/fleet.md. What happens while the house is away comes later.
func TestMosquittoBridge(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	o := new(obeyed)
	house := persistent(t)
	house.Start()
	c := newTally(t, house.URL())
	house.Shutdown()
	board := testkit.StartMosquitto(t, append(bridge(t, house.Address), "restart_timeout 1")...)
	p, _ := testPublisher(t, board.URL(), func(p *Publisher) { p.OnCommand, p.Discovery.Prefix = o.take, "homeassistant" })
	run(t, p)
	var ids []string
	for n := range uint64(50) {
		emit(p, n, sink.Start)
		ids = append(ids, fmt.Sprintf("%s-%d", runOf(p), n))
	}
	waitFor(t, "the board's broker has all", func() bool { return p.Counters().EventsSent == uint64(len(ids)) })

	house.Start()
	sub := subscribe(t, house.URL())
	sub.until("edged/board/status", "online")
	sub.next(configTopic)
	if missing, _ := c.await(ids); missing > 0 {
		t.Errorf("of %d events that the house was not there for, %d never come", len(ids), missing)
	}
	sub.publish("edged/board/front/enabled/set", "OFF", false)
	waitFor(t, "the command comes through", func() bool { return len(o.all()) == 1 })
	emit(p, 99, sink.Start)
	for !strings.Contains(sub.next("edged/board/front/event").payload, `-99"`) {
		continue
	}
}

// bridge returns the configuration that docs/fleet.md gives, for the node board and the house's address.
func bridge(t *testing.T, house string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile("../docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(house)
	for line := range strings.Lines(strings.NewReplacer("kitchen", "board", "house.lan:1883", host+":"+port).Replace(string(text))) {
		if line, ok := strings.CutPrefix(line, "    "); ok {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}
