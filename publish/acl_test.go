package publish

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	waitFor(t, "the echo", func() bool { return p.incoming.echoed.Load() })
	sub.publish("homeassistant/status", "online", false)
	sub.next(configTopic)
	if text := log.String(); strings.Contains(text, "ACL") {
		t.Errorf("log: %s", text)
	}
}

// MQTT 3.1.1 has no way to say that a publish was refused: mosquitto acknowledges and drops it.
func TestASilentlyDroppedPublishIsReportedOnce(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	b := restricted(t, "topic readwrite somewhere/else/#")
	p, log := testPublisher(t, b.URL(), func(p *Publisher) { p.Username = "board" })
	run(t, p)
	waitFor(t, "it is reported", func() bool { return strings.Contains(log.String(), "its ACL forbids") })
	time.Sleep(200 * time.Millisecond)
	if n := strings.Count(log.String(), "its ACL forbids"); n != 1 || !strings.Contains(log.String(), "needed=edged/board/#") || p.Counters().Connects != 1 {
		t.Errorf("%d reports, %d connections: %s", n, p.Counters().Connects, log)
	}
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
	time.Sleep(200 * time.Millisecond)
	if !p.incoming.echoed.Load() {
		t.Error("it goes on to expect its status, which it may not hear")
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

// A mosquitto on the board that bridges to one in the house: the example of docs/fleet.md.
func TestMosquittoBridge(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	o := new(obeyed)
	house := testkit.NewMosquitto(t)
	_, port, _ := net.SplitHostPort(house.Address)
	board := testkit.StartMosquitto(t, "connection house", "address 127.0.0.1:"+port, "restart_timeout 1", "cleansession false",
		"remote_clientid bridge-board", "try_private true", "bridge_attempt_unsubscribe false", "max_queued_messages 10000",
		"topic edged/board/# out 1", "topic homeassistant/device/edged-board/config out 1",
		"topic edged/board/+/enabled/set in 1", "topic edged/board/+/snapshot/set in 1", "topic edged/board/+/+/threshold/set in 1",
		"topic edged/board/+/+/enabled/set in 1", "topic edged/board/+/+/snapshot/set in 1", "topic edged/board/+/+/+/threshold/set in 1",
		"topic homeassistant/status in 1")
	p, _ := testPublisher(t, board.URL(), func(p *Publisher) { p.OnCommand, p.Discovery.Prefix = o.take, "homeassistant" })
	run(t, p)
	const sent = 50
	for n := range uint64(sent) { // the house is not there yet
		emit(p, n, sink.Start)
	}
	waitFor(t, "the board's broker has all", func() bool { return p.Counters().EventsSent == sent })

	house.Start()
	sub := subscribe(t, house.URL())
	sub.until("edged/board/status", "online")
	sub.next(configTopic)
	sub.publish("edged/board/front/enabled/set", "OFF", false)
	waitFor(t, "the command comes through", func() bool { return len(o.all()) == 1 })
	emit(p, 99, sink.Start)
	for !strings.Contains(sub.next("edged/board/front/event").payload, `-99"`) {
		continue
	}
}
