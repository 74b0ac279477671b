package publish

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"edged/internal/sink"
	"edged/internal/testkit"
)

// A web server that opens no websocket is quoted, with what its answer means here.
func TestARefusedWebsocketIsExplained(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		http.StatusOK:                  "HTTP 200 OK; it answers, but does not speak websocket there",
		http.StatusMovedPermanently:    `HTTP 301 Moved Permanently; it redirects to "https://elsewhere/mqtt"`,
		http.StatusUnauthorized:        "HTTP 401 Unauthorized; a web server in front of the broker asks for a login",
		http.StatusForbidden:           "HTTP 403 Forbidden; a web server in front of the broker does not let this board in",
		http.StatusNotFound:            "HTTP 404 Not Found; is the path of the address right?",
		http.StatusBadGateway:          "HTTP 502 Bad Gateway; a web server in front of the broker does not reach it",
		http.StatusServiceUnavailable:  "HTTP 503 Service Unavailable; a web server in front",
		http.StatusInternalServerError: "HTTP 500 Internal Server Error; a web server in front",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere/mqtt")
			w.WriteHeader(code)
		}))
		p, log := testPublisher(t, strings.Replace(server.URL, "http:", "ws:", 1)+"/mqtt")
		stop := run(t, p)
		waitFor(t, "it is explained", func() bool { return strings.Contains(strings.ReplaceAll(log.String(), `\"`, `"`), want) })
		stop()
		server.Close()
	}
}

// The path goes to the server as it stands in the address.
func TestThePathOfAWebsocketIsKept(t *testing.T) {
	t.Parallel()
	paths := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths <- r.RequestURI
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	p, _ := testPublisher(t, strings.Replace(server.URL, "http:", "ws:", 1)+"/a%2Fb/c")
	defer run(t, p)()
	if got := <-paths; got != "/a%2Fb/c" {
		t.Errorf("the server was asked for %s", got)
	}
}

func TestWebsockets(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	listen := testkit.FreeAddress(t)
	_, port, _ := net.SplitHostPort(listen)
	testkit.StartMosquitto(t, "listener "+port+" lo", "protocol websockets") // libwebsockets binds to interfaces, not addresses
	p, _ := testPublisher(t, "ws://"+listen+"/mqtt")
	stop := run(t, p)
	emit(p, 1, sink.Start)
	waitFor(t, "the event is acknowledged", func() bool { return p.Counters().EventsSent == 1 })
	stop()
}
