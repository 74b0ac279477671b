package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The server sleeps for half a second before it closes some connections.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

func serve(t *testing.T, s *Server) string {
	t.Helper()
	s.Address, s.Metrics = "127.0.0.1:0", prometheus.NewRegistry()
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v after its context ended", err)
		}
	})
	return s.URL()
}

func get(t *testing.T, url string, change func(*http.Request)) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(b)
}

// Clients that keep connections open, whether or not they ever asked for anything, do not keep others out.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	url := serve(t, &Server{Health: func() error { return nil }})
	address := strings.TrimPrefix(url, "http://")
	for i := range 2 * maxConnections {
		conn := dial(t, address)
		if i%2 == 0 {
			ask(t, conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		}
	}
	began := time.Now()
	if status, body := get(t, url+"/healthz", nil); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	if took := time.Since(began); took > requestTimeout/2 {
		t.Errorf("the answer took %v", took)
	}
}

// Connections with a request in progress are limited: a further one waits until one of them is done.
func TestConnectionsAreLimited(t *testing.T) {
	release, busy := make(chan struct{}), make(chan struct{}, maxConnections)
	var once sync.Once
	defer once.Do(func() { close(release) })
	url := serve(t, &Server{Health: func() error { return nil }, Ready: func() error { busy <- struct{}{}; <-release; return nil }})
	address := strings.TrimPrefix(url, "http://")
	for range maxConnections {
		if _, err := io.WriteString(dial(t, address), "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	for range maxConnections {
		<-busy
	}
	last := dial(t, address)
	if _, err := io.WriteString(last, "GET /healthz HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reply := make([]byte, 1)
	_ = last.SetReadDeadline(time.Now().Add(requestTimeout / 10))
	if _, err := last.Read(reply); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("connection %d is served: %v", maxConnections+1, err)
	}
	once.Do(func() { close(release) })
	_ = last.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := last.Read(reply); err != nil {
		t.Errorf("a place is free, but %v", err)
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// ask sends the request and returns the first line of the answer.
func ask(t *testing.T, conn net.Conn, request string) string {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// Health checks of small programs speak HTTP/1.0, and may name no host.
func TestPlainClients(t *testing.T) {
	address := strings.TrimPrefix(serve(t, &Server{Health: func() error { return nil }}), "http://")
	for request, want := range map[string]string{
		"GET /healthz HTTP/1.0\r\n\r\n":                                "HTTP/1.0 200 OK",
		"GET /healthz HTTP/1.0\r\nHost:\r\n\r\n":                       "HTTP/1.0 200 OK",
		"GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n":          "HTTP/1.0 403 Forbidden",
		"GET /healthz HTTP/1.0\r\nOrigin: http://evil.example\r\n\r\n": "HTTP/1.0 403 Forbidden",
		"GET /healthz HTTP/1.0\r\nSec-Fetch-Site: cross-site\r\n\r\n":  "HTTP/1.0 403 Forbidden",
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n":             "HTTP/1.1 200 OK",
		"HEAD /healthz HTTP/1.0\r\n\r\n":                               "HTTP/1.0 200 OK",
		"GET http://localhost/healthz HTTP/1.0\r\n\r\n":                "HTTP/1.0 200 OK",
		"GET http://evil.example/healthz HTTP/1.0\r\n\r\n":             "HTTP/1.0 403 Forbidden",
	} {
		if got := ask(t, dial(t, address), request); got != want {
			t.Errorf("%q: %s, want %s", request, got, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	fine := func() error { return nil }
	url := serve(t, &Server{Health: fine, Ready: func() error { return errors.New("camera gate: offline") },
		Status: func() ([]byte, error) { return []byte(`{"node":"test"}`), nil }})
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{
		{"/healthz", 200, "ok\n"},
		{"/readyz", 503, "camera gate: offline\n"},
		{"/status", 200, "{\n \"node\": \"test\"\n}\n"},
		{"/metrics", 200, ""},
		{"/", 200, "edged\n\n/metrics\n/healthz\n/readyz\n/status\n"},
		{"/etc/passwd", 404, "404 page not found\n"},
	} {
		if status, body := get(t, url+c.path, nil); status != c.status || body != c.body {
			t.Errorf("%s: %d %q, want %d %q", c.path, status, body, c.status, c.body)
		}
	}
}

func TestOnlyThisMachinesPagesMayAsk(t *testing.T) {
	url := serve(t, &Server{Health: func() error { return nil }})
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	header := func(key, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(key, value) }
	}
	named := func(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }
	for _, c := range []struct {
		what   string
		change func(*http.Request)
		status int
	}{
		{"curl", nil, 200},
		{"the host's name", named(host + ":80"), 200},
		{"the host's name on the local network", named(strings.ToUpper(host) + ".local"), 200},
		{"an IPv6 address", named("[::1]:80"), 200},
		{"an address typed into a browser", header("Sec-Fetch-Site", "none"), 200},
		{"a foreign name that points here", named("evil.example"), 403},
		{"a foreign page", header("Sec-Fetch-Site", "cross-site"), 403},
		{"a page of another port here", header("Sec-Fetch-Site", "same-site"), 403},
		{"a foreign page in an old browser", header("Origin", "http://evil.example"), 403},
	} {
		if status, body := get(t, url+"/healthz", c.change); status != c.status {
			t.Errorf("%s: %d %q, want %d", c.what, status, body, c.status)
		}
	}
}

func TestPortInUseIsSaid(t *testing.T) {
	s := &Server{Health: func() error { return nil }}
	serve(t, s)
	second := &Server{Address: s.listener.Addr().String()}
	if err := second.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "web.listen") {
		t.Errorf("a second server on one port: %v", err)
	}
}

func TestOwnPageMayChangeSettings(t *testing.T) {
	page, _ := url.Parse("https://home.example/edged")
	g := guard{url: page, next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })}
	for _, c := range []struct {
		what, method, path, host string
		headers                  []string
		status                   int
	}{
		{"the page on this machine", "PUT", "/api/v1/thresholds", "localhost:9797", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:9797"}, 204},
		{"the page by HTTP in the network, of which browsers say less", "PUT", "/api/v1/thresholds", "192.168.1.2:9797", []string{"Origin", "http://192.168.1.2:9797"}, 204},
		{"the page of another machine", "PUT", "/api/v1/thresholds", "192.168.1.2:9797", []string{"Origin", "http://192.168.1.3:9797"}, 403},
		{"a page without an origin", "PUT", "/api/v1/thresholds", "192.168.1.2:9797", []string{"Origin", "null"}, 403},
		{"the page behind a proxy", "PUT", "/api/v1/thresholds", "home.example", []string{"Origin", "https://home.example"}, 204},
		{"behind a proxy that names another host", "DELETE", "/api/v1/events/1", "127.0.0.1:9797", []string{"Origin", "https://home.example"}, 204},
		{"a link in a mail", "GET", "/events/5f1c09ab-7", "home.example", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 204},
		{"a frame in a foreign page", "GET", "/", "home.example", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"a link to the API", "GET", "/api/v1/support", "home.example", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 403},
		{"a form of a foreign page", "POST", "/api/v1/login", "home.example", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 403},
		{"a foreign picture", "GET", "/api/v1/cameras/gate/picture", "localhost", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 403},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil)
		r.Host = c.host
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Set(c.headers[i], c.headers[i+1])
		}
		w := httptest.NewRecorder()
		if g.ServeHTTP(w, r); w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.what, w.Code, c.status)
		}
	}
}

// Home Assistant's ingress passes on whichever host name a person has typed. Pages of other sites are refused there, too.
func TestTheTrustedProxyMayNameAnyHost(t *testing.T) {
	g := guard{proxy: net.ParseIP("172.30.32.2"), next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })}
	for _, c := range []struct {
		what, from, host string
		headers          []string
		status           int
	}{
		{"a person through the proxy", "172.30.32.2:5000", "homeassistant.example:8123", []string{"Origin", "http://homeassistant.example:8123"}, 204},
		{"through a proxy that gives its own host", "172.30.32.2:5000", "172.30.33.4:8099", []string{"Origin", "https://home.example", "X-Forwarded-Host", "home.example"}, 204},
		{"a foreign page through the proxy", "172.30.32.2:5000", "homeassistant.example:8123", []string{"Origin", "https://evil.example"}, 403},
		{"a foreign page by HTTPS through the proxy", "172.30.32.2:5000", "home.example", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"somebody else", "172.30.32.3:5000", "homeassistant.example:8123", nil, 403},
		{"somebody else who forges headers", "172.30.32.3:5000", "172.30.33.4:8099", []string{"Origin", "https://home.example", "X-Forwarded-Host", "home.example"}, 403},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/api/v1/thresholds", nil)
		r.Host, r.RemoteAddr = c.host, c.from
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Set(c.headers[i], c.headers[i+1])
		}
		w := httptest.NewRecorder()
		if g.ServeHTTP(w, r); w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.what, w.Code, c.status)
		}
	}
}

func TestLargeHeadersAreRefused(t *testing.T) {
	address := serve(t, &Server{Health: func() error { return nil }})
	for size, want := range map[int]int{1000: http.StatusOK, 14_000: http.StatusRequestHeaderFieldsTooLarge} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Large", strings.Repeat("x", size))
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close() // unread: the connection is cut with the refusal
		if reply.StatusCode != want {
			t.Errorf("%d bytes of headers: %d, want %d", size, reply.StatusCode, want)
		}
	}
}

// 200 clients connect and say nothing. One that asks is served once they have been shown out, and none is left.
func TestTwoHundredConnections(t *testing.T) {
	address := serve(t, &Server{Health: func() error { return nil }})
	for range 200 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
	}
	client := http.Client{Timeout: 4 * requestTimeout}
	reply, err := client.Get(address + "/healthz") //nolint:noctx // it has a timeout
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		t.Error(reply.Status)
	}
	client.CloseIdleConnections()
}
