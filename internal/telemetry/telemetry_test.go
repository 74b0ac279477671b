package telemetry

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func fullStats() Node {
	return Node{
		Node: "attic", Version: "1.2.3", UptimeSeconds: 3725, Broker: "tcp://127.0.0.1:1883", BrokerConnected: true, EventsSent: 12,
		Model: Model{Name: "edged-starter", Version: "0.1.0", SHA256: strings.Repeat("ab", 32), Delegate: "xnnpack", NodesDelegated: 79, NodesTotal: 79},
		Cameras: map[string]Camera{
			"gate": {Source: "v4l2:auto", Online: true, FramesPerSec: 30, Frames: 3000, DroppedLost: 3, Dropped: 3, Views: map[string]View{
				"gate": {Enabled: true, WindowsPerSec: 4, InvokeMs: 9.5, Windows: 400, WindowsGated: 20, InvokeSeconds: 3.8},
			}},
			"yard": {Source: "v4l2:/dev/video2", Reason: "no such device", Failures: map[string]uint64{"unplugged": 2}, Views: map[string]View{"yard/door": {}}},
		},
	}
}

func TestMetricsKeepPrometheusConventions(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(Metrics{fullStats})
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
	for line := range strings.Lines(Table(fullStats())) {
		got = append(got, strings.TrimRight(line, " \n"))
	}
	if got := strings.Join(got, "\n") + "\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
