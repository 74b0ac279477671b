// Package browsertest drives the page with a real browser, Debian's chromium, against a real node that plays real footage.
package browsertest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"edged/internal/background"
	"edged/internal/config"
	"edged/internal/node"
	"edged/internal/sink"
	"edged/internal/testkit"
	"edged/models"
	"edged/record"
	"edged/web"
	"edged/web/login"
	"edged/web/nodepage"
)

// eventually is how long a test waits for what must come.
const eventually = 80 * time.Second

// site is a node with its page.
type site struct {
	t       *testing.T
	address string
	yaml    string
	node    *node.Node
	stop    func()
}

// places bounds the tests that run at a time: a browser and a node need most of a core.
var places = make(chan struct{}, 3)

// beside lets a test, which must be slow, run beside others. Tests that measure do not call it, so they run alone.
func beside(t *testing.T) {
	t.Helper()
	testkit.Slow(t)
	t.Parallel()
	places <- struct{}{}
	t.Cleanup(func() { <-places })
}

func footage(t *testing.T) string {
	t.Helper()
	path := filepath.Join(os.Getenv("EDGED_CACHE"), "footage", "walkers.mkv")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; make deps fetches it", err)
	}
	return path
}

// freeAddress is an address that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// newSite starts a node with two cameras: one with a mask and views, and one plain. Its model is motions, which says where people walk to.
func newSite(t *testing.T, more string) *site {
	t.Helper()
	return newSiteOf(t, "motions", more)
}

func newSiteOf(t *testing.T, model, more string) *site {
	t.Helper()
	s := &site{t: t, address: freeAddress(t)}
	s.yaml = "node: cottage\nmodel: {file: " + model + "}\nmqtt: {broker: 'tcp://127.0.0.1:1'}\nstate_dir: '" + t.TempDir() + "'\n" +
		"record: {enabled: true, before: 1s, after: 1s, max_clip: 12s}\ncameras:\n" +
		"  - {name: gate, source: 'file:" + footage(t) + "'}\n" +
		"  - {name: yard, source: 'file:" + footage(t) + "', masks: [[[0, 0], [1, 0], [1, 0.15], [0, 0.2]]],\n" +
		"     views: [{name: path, area: [0, 0.25, 1, 0.7]}, {name: bench, area: [0.55, 0.3, 0.4, 0.5]}]}\n" + more
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// start starts the node, also again after stop: at the same address, with the same clips and settings.
func (s *site) start() {
	s.t.Helper()
	cfg, err := config.Parse("edged.yaml", []byte(s.yaml))
	if err != nil {
		s.t.Fatal(err)
	}
	m, err := models.Load(cfg.Model.File)
	if err != nil {
		s.t.Fatal(err)
	}
	state := node.NewState()
	var page *nodepage.Site
	n, err := node.New(node.Inputs{
		Config: cfg, Model: m, Version: "v2.0", State: state,
		Attach: func(n *node.Node) (_ []sink.Sink, err error) {
			page, err = nodepage.New(n, func() string { return "level=INFO msg=started\n" }, new(login.Sessions))
			if err != nil {
				return nil, err
			}
			return []sink.Sink{page.Sink()}, nil
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	server := &web.Server{
		Address: s.address, Metrics: prometheus.NewRegistry(), Health: n.Healthy, Ready: n.Ready,
		Status: func() ([]byte, error) { return n.Telemetry().JSON() }, Page: page.Handler(), PageURL: page.URL, TLS: page.TLS,
		Proxy: net.ParseIP(cfg.Web.TrustedProxy),
	}
	stopState := background.Start(state.Keep)
	stopMeasuring := page.Start()
	stopServer := background.Start(server.Keep)
	stopNode := background.Start(func(ctx context.Context) {
		if err := n.Run(ctx); err != nil {
			s.t.Errorf("the node ended: %v", err)
		}
	})
	s.node = n
	s.stop = func() { stopNode(); stopMeasuring(); stopServer(); stopState(); s.stop = func() {} }
	s.await("the server answers", func() bool {
		reply, err := http.Get(s.url("healthz")) //nolint:noctx // a test
		if err == nil {
			reply.Body.Close()
		}
		return err == nil
	})
}

func (s *site) url(path string) string { return "http://" + s.address + "/" + path }

func (s *site) await(what string, done func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(eventually); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within %v", what, eventually)
		}
	}
}

// awaitClips waits for that many events with a clip, and returns the newest.
func (s *site) awaitClips(n int) record.Event {
	s.t.Helper()
	var newest record.Event
	s.await(fmt.Sprintf("%d clips", n), func() bool {
		events, _ := s.node.Timeline.List(record.Filter{})
		saved := 0
		for i := len(events) - 1; i >= 0; i-- {
			if events[i].ClipState == record.ClipSaved {
				saved++
				newest = events[i]
			}
		}
		return saved >= n
	})
	return newest
}

// screenshots is the folder for pictures of the screens.
func screenshots(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(os.Getenv("EDGED_CACHE"), "screens")
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // pictures for people
		t.Fatal(err)
	}
	return dir
}

func plain(name string) string { return strings.NewReplacer("/", "-", " ", "-").Replace(name) }
