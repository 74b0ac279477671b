package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"edged/internal/testkit"
)

// fetch returns what a server answers.
func fetch(ctx context.Context, url string) ([]byte, error) { return askerAt(url).get(ctx, "") }

// A proxy of the environment is asked about other machines only: it would look for this one elsewhere.
func TestThisMachineIsAskedAtItsLoopbackAddress(t *testing.T) {
	for listen, want := range map[string]string{
		"0.0.0.0:9797": "127.0.0.1:9797", "[::]:9797": "[::1]:9797", ":9797": "127.0.0.1:9797",
		"127.0.0.1:1": "127.0.0.1:1", "192.168.1.2:80": "192.168.1.2:80", "board.lan:80": "board.lan:80",
	} {
		if got := here(listen); got != want {
			t.Errorf("what listens at %s is asked at %s, want %s", listen, got, want)
		}
	}
}

func TestNoProxyForThisMachine(t *testing.T) {
	var mu sync.Mutex
	var asked []string // guarded by mu
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.String())
		_, _ = io.WriteString(w, `{"node": "elsewhere", "version": "1", "model": {}, "cameras": {}}`)
	}))
	defer proxy.Close()
	port := testkit.FreeAddress(t)[len("127.0.0.1:"):]
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	config := write(t, "edged.yaml", fmt.Sprintf("web: {listen: '0.0.0.0:%s'}\nmqtt: {broker: 'tcp://127.0.0.1:1'}\ncameras: [{source: 'pattern:'}]\n", port))
	p := startEdged(t, "run", "-c", config)
	p.line(t, "online")
	for _, c := range []struct {
		args  []string
		proxy bool
	}{
		{[]string{"-c", config}, false},
		{[]string{"--url", "http://localhost:" + port}, false},
		{[]string{"--url", "http://0.0.0.0:" + port}, false},
		{[]string{"--url", "http://" + host + ":" + port}, false},
		{[]string{"--url", "http://edged.example:" + port}, true},
	} {
		mu.Lock()
		asked = nil
		mu.Unlock()
		cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"status"}, c.args...)...)
		cmd.Env = append(os.Environ(), asEdged+"=1", "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
		out, _ := cmd.CombinedOutput() // the host's name may not be known here
		mu.Lock()
		askedProxy := slices.Clone(asked)
		mu.Unlock()
		if (len(askedProxy) > 0) != c.proxy || c.proxy != strings.Contains(string(out), "elsewhere") {
			t.Errorf("%q: the proxy was asked for %q\n%s", c.args, askedProxy, out)
		}
	}
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
}

// With web.cert_file edged status asks by HTTPS, and believes that certificate and no other.
func TestStatusByHTTPS(t *testing.T) {
	certFile, keyFile := selfSigned(t)
	otherCert, otherKey := selfSigned(t)
	address := testkit.FreeAddress(t)
	text := func(cert, key string) string {
		return fmt.Sprintf("web: {listen: %q, cert_file: %q, key_file: %q}\nmqtt: {broker: 'tcp://127.0.0.1:1'}\ncameras: [{name: gate, source: 'pattern:'}]\n", address, cert, key)
	}
	config := write(t, "edged.yaml", text(certFile, keyFile))
	p := startEdged(t, "run", "-c", config)
	p.line(t, "gate  online")
	if status, stdout, stderr := edged(t, "status", "-c", config); status != 0 || !strings.Contains(stdout, "gate") {
		t.Errorf("status %d: %s", status, stderr)
	}
	other := write(t, "edged.yaml", text(otherCert, otherKey))
	if status, _, stderr := edged(t, "status", "-c", other); status == 0 || !strings.Contains(stderr, "not that of web.cert_file") {
		t.Errorf("another certificate: status %d: %s", status, stderr)
	}
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
}

func selfSigned(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"board.lan"}}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile = write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	return certFile, write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}
