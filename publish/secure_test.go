package publish

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"edged/internal/sink"
	"edged/internal/testkit"
)

// authority signs certificates for 127.0.0.1.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.sign("ca", &x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true})
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// sign writes NAME.pem and NAME.key; the authority's own is signed by itself.
func (a *authority) sign(name string, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.Subject = pkix.Name{CommonName: name}
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "EC PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(a.file(file), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func (a *authority) client() tls.Certificate {
	a.t.Helper()
	a.sign("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	pair, err := tls.LoadX509KeyPair(a.file("client.pem"), a.file("client.key"))
	if err != nil {
		a.t.Fatal(err)
	}
	return pair
}

func TestTLSWithClientCertificates(t *testing.T) {
	t.Parallel()
	ca, stranger := newAuthority(t), newAuthority(t)
	ca.sign("server", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	broker := testkit.StartMosquitto(t, "cafile "+ca.file("ca.pem"), "certfile "+ca.file("server.pem"), "keyfile "+ca.file("server.key"),
		"require_certificate true", "use_identity_as_username true", "allow_anonymous false")
	for _, c := range []struct {
		name string
		tls  *tls.Config
		want string // in the log; either of two, where the broker's reason may be lost with the connection
	}{
		{"both know each other", &tls.Config{RootCAs: ca.pool(), Certificates: []tls.Certificate{ca.client()}}, "publish: connected"},
		{"system's authorities", nil, "certificate signed by unknown authority; if the broker's .* set mqtt.ca_file"},
		{"another authority", &tls.Config{RootCAs: stranger.pool()}, "certificate signed by unknown authority"},
		{"no client certificate", &tls.Config{RootCAs: ca.pool()}, "certificate required|want TLS or a client certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, log := testPublisher(t, "mqtts://"+broker.Address, func(p *Publisher) { p.TLS = c.tls })
			run(t, p)
			waitFor(t, c.want, func() bool { return regexp.MustCompile(c.want).MatchString(log.String()) })
		})
	}
}

// A port without TLS, and a certificate of another name, are named for what they are.
func TestTLSErrorsSayWhatMendsThem(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	ca.sign("server", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	plain := testkit.StartMosquitto(t)
	secure := testkit.StartMosquitto(t, "cafile "+ca.file("ca.pem"), "certfile "+ca.file("server.pem"), "keyfile "+ca.file("server.key"))
	for url, want := range map[string]string{
		"mqtts://" + plain.Address: "this port does not speak TLS",
		"mqtts://" + strings.Replace(secure.Address, "127.0.0.1", "localhost", 1): "use the name that is in the certificate",
	} {
		p, log := testPublisher(t, url, func(p *Publisher) { p.TLS = &tls.Config{RootCAs: ca.pool()} })
		stop := run(t, p)
		waitFor(t, want, log.Has(want))
		stop()
	}
}

func TestNextBrokerOfTheListTakesOver(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	first, second := testkit.StartMosquitto(t), testkit.StartMosquitto(t)
	subFirst, subSecond := subscribe(t, first.URL()), subscribe(t, second.URL())
	p, _ := testPublisher(t, first.URL(), func(p *Publisher) { p.Brokers = []string{second.URL()} })
	run(t, p)
	emit(p, 1, sink.Start)
	subFirst.next("edged/board/front/event")
	waitFor(t, "the event is acknowledged", func() bool { return p.Counters().EventsSent == 1 }) // else it comes again
	first.Stop()
	emit(p, 2, sink.Start)
	if m := subSecond.next("edged/board/front/event"); !strings.Contains(m.payload, `-2"`) {
		t.Errorf("the second broker got %s", m.payload)
	}
	waitFor(t, "the second event is acknowledged", func() bool { return p.Counters().EventsSent == 2 })
	second.Stop()
	first.Start()
	emit(p, 3, sink.Start)
	waitFor(t, "back to the first", func() bool { return p.Counters().EventsSent == 3 })
}
