package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"edged/internal/logtest"
	"edged/internal/mosquittotest"
)

func fullStats() nodeStats {
	return nodeStats{
		Node: "attic", Version: "1.2.3", UptimeSeconds: 3725, Broker: "tcp://127.0.0.1:1883", BrokerConnected: true, EventsSent: 12,
		Model: modelStats{Name: "edged-starter", Version: "0.1.0", SHA256: strings.Repeat("ab", 32), Delegate: "xnnpack", NodesDelegated: 79, NodesTotal: 79},
		Cameras: map[string]cameraStats{
			"gate": {Source: "v4l2:auto", Online: true, FramesPerSec: 30, Frames: 3000, DroppedLost: 3, Dropped: 3, Views: map[string]viewStats{
				"gate": {Enabled: true, WindowsPerSec: 4, InvokeMs: 9.5, Windows: 400, WindowsGated: 20, InvokeSeconds: 3.8},
			}},
			"yard": {Source: "v4l2:/dev/video2", Reason: "no such device", Failures: map[string]uint64{"unplugged": 2}, Views: map[string]viewStats{"yard/door": {}}},
		},
	}
}

func TestMetricsKeepPrometheusConventions(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics{fullStats})
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	want := `
# HELP edged_camera_failures_total Times that the camera went away or could not be opened, by reason.
# TYPE edged_camera_failures_total counter
edged_camera_failures_total{camera="yard",reason="unplugged"} 2
# HELP edged_camera_online 1 while the camera delivers pictures.
# TYPE edged_camera_online gauge
edged_camera_online{camera="gate"} 1
edged_camera_online{camera="yard"} 0
# HELP edged_invoke_seconds_total Time spent in running the model.
# TYPE edged_invoke_seconds_total counter
edged_invoke_seconds_total{view="gate"} 3.8
edged_invoke_seconds_total{view="yard/door"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want),
		"edged_camera_failures_total", "edged_camera_online", "edged_invoke_seconds_total"); err != nil {
		t.Error(err)
	}
}

func TestStatusTable(t *testing.T) {
	want := `node     attic, edged 1.2.3, up 1h2m5s
model    edged-starter 0.1.0, xnnpack, 79/79 nodes, sha256 abababababab
broker   tcp://127.0.0.1:1883, connected; events: 12 sent, 0 waiting, 0 dropped

CAMERA  STATUS   FRAMES/S  DROPPED
gate    online   30.0      3 of 3003
yard    OFFLINE  0.0       0 of 0     no such device

VIEW       ENABLED  WINDOWS/S  INVOKE  RUN  UNMOVED  SKIPPED
gate       yes      4.0        9.5 ms  400  20       0
yard/door  NO       0.0        0.0 ms  0    0        0
`
	var got []string
	for line := range strings.Lines(statusTable(fullStats())) {
		got = append(got, strings.TrimRight(line, " \n"))
	}
	if got := strings.Join(got, "\n") + "\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The whole program: what it serves, and what edged status makes of it.
func TestRunIsObservable(t *testing.T) {
	broker := mosquittotest.Start(t)
	address := freeAddress(t)
	config := write(t, "edged.yaml", "node: watched\ncameras: [{name: gate, source: 'file:"+footage(t, "walkers.mkv")+"'}, "+
		"{name: yard, source: 'v4l2:/dev/video99'}]\nmqtt: {broker: '"+broker.URL()+"'}\nweb: {listen: '"+address+"'}\n")
	p := startEdged(t, "run", "-c", config)
	p.line(t, "gate  online")

	deadline := time.Now().Add(patience)
	var stats nodeStats
	for !stats.Cameras["gate"].Online || stats.Cameras["gate"].Views["gate"].Windows == 0 || !stats.BrokerConnected || stats.Cameras["yard"].Reason == "" {
		if time.Now().After(deadline) {
			t.Fatalf("never complete: %+v", stats)
		}
		body, err := fetch(t.Context(), "http://"+address+"/status")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body, &stats); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fetch(t.Context(), "http://"+address+"/healthz"); err != nil {
		t.Errorf("healthy, but %v", err)
	}
	if _, err := fetch(t.Context(), "http://"+address+"/readyz"); err == nil || !strings.Contains(err.Error(), "camera yard: offline") || strings.Contains(err.Error(), "gate") {
		t.Errorf("ready with an absent camera: %v", err)
	}
	body, err := fetch(t.Context(), "http://"+address+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`edged_camera_online{camera="gate"} 1`, `edged_model_nodes{delegated="true"} 79`, "edged_broker_connected 1", "go_goroutines", "process_resident_memory_bytes"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s among the metrics", want)
		}
	}
	status, stdout, stderr := edged(t, "status", "-c", config)
	if status != 0 || !strings.Contains(stdout, "gate    online") || !strings.Contains(stdout, "OFFLINE") {
		t.Errorf("edged status: %d\n%s%s", status, stdout, stderr)
	}
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
	if status, _, stderr := edged(t, "status", "-c", config); status != exitFailed || !strings.Contains(stderr, "no edged answers") {
		t.Errorf("edged status with no daemon: %d %s", status, stderr)
	}
}

// An address that cannot be had at the start is served once it can; the log says so once.
func TestTheStatusPageIsTriedAgain(t *testing.T) {
	occupant, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer occupant.Close()
	address, log := occupant.Addr().String(), new(logtest.Buffer)
	config := write(t, "edged.yaml", fmt.Sprintf("web: {listen: %q}\ncameras: [{source: 'pattern:'}]\nmqtt: {broker: 'tcp://%s'}\n",
		address, mosquittotest.FreeAddress(t)))
	p := startEdgedTo(t, io.Discard, log, "run", "-c", config)
	p.line(t, "online")
	time.Sleep(2 * time.Second) // for the second try
	occupant.Close()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, err = fetch(t.Context(), "http://"+address+"/healthz"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "no status page"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log)
	}
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
