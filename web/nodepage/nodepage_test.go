package nodepage

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"edged/internal/background"
	"edged/internal/config"
	"edged/internal/node"
	"edged/models"
	"edged/web"
	"edged/web/login"
)

func newSite(t *testing.T, yaml string) (*Site, error) {
	t.Helper()
	return newSiteOf(t, yaml, nil)
}

func newSiteOf(t *testing.T, yaml string, state *node.State) (*Site, error) {
	t.Helper()
	cfg, err := config.Parse("edged.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.New(node.Inputs{Config: cfg, Model: m, Version: "v1", State: state})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	s, err := New(n, func() string { return "msg=started\n" }, new(login.Sessions))
	if err == nil {
		t.Cleanup(s.Close)
	}
	return s, err
}

// write writes a file that the configuration names.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadFilesAreNamed(t *testing.T) {
	hash, err := login.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for yaml, want := range map[string]string{
		"web: {password_file: /does/not/exist}":                               "web.password_file",
		"web: {password_file: '" + write(t, "p", "correct horse\n") + "'}":    `"edged password"`,
		"web: {cert_file: /does/not/exist, key_file: /does/not/exist}":        "web.cert_file",
		"web: {cert_file: '" + write(t, "c", "x") + "', key_file: /dev/null}": "web.cert_file",
		"web: {password_file: '" + write(t, "good", hash+"\n") + "'}":         "",
	} {
		_, err := newSite(t, yaml)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", yaml, err, want)
		}
	}
}

// The support file goes to other people: no password in it, wherever the configuration or an address may have one.
func TestSupportFileHasNoSecret(t *testing.T) {
	password := write(t, "password", "hunter2\n")
	s, err := newSite(t, "mqtt: {broker: 'tcp://127.0.0.1:1', username: hunter2, password_file: '"+password+"'}\n"+
		"cameras: [{source: 'command:ffmpeg -i rtsp://user:hunter2@camera/1 -f mjpeg -'}]\n")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	s.support(&b)
	if text := b.String(); strings.Contains(text, "hunter2") || !strings.Contains(text, "msg=started") || !strings.Contains(text, "tcp://127.0.0.1:1") {
		t.Errorf("%s", text)
	}
}

func TestConfigIsCheckedWithoutItsFiles(t *testing.T) {
	secret := write(t, "secret", "the text of a file of mine")
	found := checkConfig([]byte("mqtt: {username: u, password_file: '" + secret + "'}\ncameras: [{name: 'my camera'}]\n"))
	if len(found) != 1 || found[0].Key != "cameras[0].name" || found[0].Line != 2 {
		t.Errorf("%+v, want the name's problem alone", found)
	}
	if found := checkConfig([]byte("cameras: [{name: gate, views: [{name: a, area: [0, 0, 1, 1]}]}]")); found != nil {
		t.Errorf("%+v, want none", found)
	}
}

// A reload replaces the node and its page. The charts go on.
func TestChartsSurviveAReload(t *testing.T) {
	state := node.NewState()
	first, err := newSiteOf(t, "", state)
	if err != nil {
		t.Fatal(err)
	}
	first.History.Add(time.UnixMilli(7), map[string]float64{"cpu": 1.5})
	second, err := newSiteOf(t, "node: renamed", state)
	if err != nil {
		t.Fatal(err)
	}
	reply := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/v1/history", nil)
	r.RemoteAddr = "127.0.0.1:1234"
	second.Handler().ServeHTTP(reply, r)
	if !strings.Contains(reply.Body.String(), `"cpu":[1.5]`) {
		t.Errorf("%.300s", reply.Body)
	}
}

// What the page's Draw screen needs to write the camera's views as the configuration has them.
func TestOwnKeysAreDescribed(t *testing.T) {
	s, err := newSite(t, "cameras: [{name: gate, follow: true, views: [{name: a, area: [0, 0, 0.5, 1], stride: 6, motion_gate: false, follow: {max: 3}}, {name: b, area: [0.5, 0, 0.5, 0.5]}, {name: c, area: [0.5, 0.5, 0.5, 0.5], follow: false}]}]\n")
	if err != nil {
		t.Fatal(err)
	}
	c := s.describe().Cameras[0]
	want := map[string]any{"stride": 6, "motion_gate": false, "follow": map[string]any{"max": 3, "smallest": 0.04, "still_after": "2m0s"}}
	if !reflect.DeepEqual(c.Own, map[string]any{"follow": true}) || !reflect.DeepEqual(c.Views[0].Own, want) || len(c.Views[1].Own) != 0 ||
		!reflect.DeepEqual(c.Views[2].Own, map[string]any{"follow": false}) {
		t.Errorf("camera %v, views %v, %v and %v", c.Own, c.Views[0].Own, c.Views[1].Own, c.Views[2].Own)
	}
}

// The page lets people choose the actions of rules, too, and they have no thresholds.
func TestRulesAreDescribed(t *testing.T) {
	s, err := newSite(t, "rules: {quiet: {without: rise|fall, for: 1m}}\n")
	if err != nil {
		t.Fatal(err)
	}
	v := s.describe().Cameras[0].Views[0]
	if _, hasThreshold := v.Thresholds["quiet"]; !reflect.DeepEqual(v.Derived, []string{"quiet"}) || hasThreshold {
		t.Errorf("derived %q, thresholds %v", v.Derived, v.Thresholds)
	}
}

func TestServesTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	certFile, keyFile := write(t, "cert", string(certificate)), write(t, "key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
	s, err := newSite(t, "web: {cert_file: '"+certFile+"', key_file: '"+keyFile+"'}")
	if err != nil {
		t.Fatal(err)
	}
	server := &web.Server{Address: "127.0.0.1:0", Metrics: prometheus.NewRegistry(), Page: s.Handler(), TLS: s.TLS}
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer background.Start(func(ctx context.Context) { _ = server.Run(ctx) })()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	reply, err := client.Get(server.URL() + "/api/v1/node") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK || !strings.HasPrefix(server.URL(), "https://") {
		t.Errorf("%s from %s", reply.Status, server.URL())
	}
}
