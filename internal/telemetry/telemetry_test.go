package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"edged/capture"
	"edged/infer/engine"
	"edged/internal/watch"
	"edged/models"
	"edged/publish"
	"edged/record"
	"edged/ringbuffer"
)

var update = flag.Bool("update", false, "write the golden files")

// fullNode is a node of which every value shows.
func fullNode() *Node {
	celsius := 51.25
	gate := &watch.Camera{Name: "gate", Ring: ringbuffer.New(2, 3), Views: []*watch.View{{Path: "gate/left"}, {Path: "gate/all"}}}
	gate.StartRates(0)
	gate.SetStatus(true, nil)
	gate.Counters.Frames.Store(3000)
	gate.Counters.Lost.Store(3)
	gate.Counters.Mistimed.Store(4)
	gate.Counters.Failed[capture.Stalled].Store(5)
	gate.Counters.Failed[capture.Unplugged].Store(2)
	gate.Corrupt.Store(6)
	gate.OffGrid.Store(2200)
	all := gate.Views[1]
	all.Enable(true)
	all.Pipeline.Stats.Windows.Store(400)
	all.Pipeline.Stats.Gated.Store(20)
	all.Pipeline.Stats.Skipped.Store(7)
	all.Unwatched.Store(8)
	gate.Measure(100 * time.Second)
	yard := &watch.Camera{Name: "yard", Ring: ringbuffer.New(2, 3), Views: []*watch.View{{Path: "yard"}}}
	yard.SetStatus(false, errors.New("no such device\nand <nothing> else"))
	return &Node{
		Name: "attic", Version: "1.2.3", Uptime: 3725 * time.Second, Celsius: &celsius, Broker: "tcp://127.0.0.1:1883",
		Models: []Model{{
			Model:  &models.Model{SHA256: strings.Repeat("ab", 32), Data: make([]byte, 900), Manifest: models.Manifest{Name: "edged-starter", Version: "0.1.0"}},
			Engine: &engine.Info{Delegate: "xnnpack", NodesDelegated: 78, NodesTotal: 79, Threads: 1, MemoryBytes: 3 << 20}, Cameras: []Camera{{gate, "v4l2:auto"}},
		}, {
			Model: &models.Model{SHA256: strings.Repeat("cd", 32), Manifest: models.Manifest{Name: "edged-people", Version: "0.2.0"}}, Cameras: []Camera{{yard, "v4l2:/dev/video2"}},
		}},
		Publisher: publish.Counters{
			Connected: true, Connects: 2, ConnectFailures: 3, EventsWaiting: 1, EventsSent: 12, EventsDropped: 4,
			ScoresSkipped: 5, CommandsTaken: 6, CommandsRefused: 7, OutboxError: errors.New("disk full"),
			Unheard: []string{"edged/kitchen/front/event"},
		},
		Recording: &record.Stats{
			Clips: 3, Bytes: 5 << 20, MaxBytes: 500 << 20, Written: 4, Failed: 1, Lost: 2, Degraded: "no space left on device", MemoryShort: []string{"gate"},
		},
		SettingsError: errors.New("read-only"), TeachError: "no space left on device", ConsoleDropped: 8, LogDropped: 9,
		Cameras: []Camera{{yard, "v4l2:/dev/video2"}, {gate, "v4l2:auto"}},
	}
}

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // a test's file
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func statusJSON(t *testing.T, n *Node) []byte {
	t.Helper()
	status, err := n.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// Dashboards and scripts rely on every name.
func TestNamesOnTheWireStay(t *testing.T) {
	var status bytes.Buffer
	if err := json.Indent(&status, statusJSON(t, fullNode()), "", " "); err != nil {
		t.Fatal(err)
	}
	golden(t, "status.json", status.String()+"\n")

	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(Collector{fullNode})
	metrics := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(metrics, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	golden(t, "metrics.txt", metrics.Body.String())

	text, err := StatusText(statusJSON(t, fullNode()))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	golden(t, "status.txt", strings.Join(lines, "\n")+"\n")
}

func TestMetricsKeepPrometheusConventions(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(Collector{fullNode})
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// A node whose model is still being loaded, without a temperature or errors, shows less.
func TestAYoungNode(t *testing.T) {
	n := &Node{Models: []Model{{Model: new(models.Model)}}}
	status := string(statusJSON(t, n))
	for _, absent := range []string{"cpu_temperature", "outbox_error", "settings_error"} {
		if strings.Contains(status, absent) {
			t.Errorf("%s in %s", absent, status)
		}
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(Collector{func() *Node { return n }})
	if count, err := testutil.GatherAndCount(registry, "edged_cpu_temperature_celsius"); err != nil || count != 0 {
		t.Errorf("%d temperatures, %v", count, err)
	}
}

func TestAnAnswerThatIsNoStatus(t *testing.T) {
	for _, answer := range []string{"", "ok", "[]", "{}", `{"cameras": 3}`} {
		text, err := StatusText([]byte(answer))
		if answer == `{"cameras": 3}` { // of a strange version: nothing to show
			continue
		}
		if err == nil {
			t.Errorf("%q: %s", answer, text)
		}
	}
}

// Each template leads to a number in the JSON.
func TestSensorsAreInTheStatus(t *testing.T) {
	cameras := []publish.Camera{{Name: "yard"}, {Name: "gate", Views: []string{"left", "all"}}}
	var got []string
	for _, s := range Sensors(cameras, true) {
		got = append(got, strings.Join([]string{s.ID, s.Name, s.Value, s.Unit, s.Class, s.StateClass, s.Icon}, " | "))
	}
	golden(t, "sensors.txt", strings.Join(got, "\n")+"\n")
	var v values
	if err := json.Unmarshal(statusJSON(t, fullNode()), &v); err != nil {
		t.Fatal(err)
	}
	for _, s := range Sensors(cameras, true) {
		at := v
		path, _, _ := strings.Cut(strings.TrimPrefix(s.Value, "value_json."), " ")
		keys := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]'", r) })
		for _, key := range keys[:len(keys)-1] {
			at = at.object(key)
		}
		if _, ok := at[keys[len(keys)-1]].(float64); !ok {
			t.Errorf("%s leads nowhere", s.Value)
		}
	}
	without := Sensors(cameras, false)
	if slices.ContainsFunc(without, func(s publish.Sensor) bool { return s.ID == "cpu_temperature" }) {
		t.Error("a temperature that the machine does not report is a sensor")
	}
}
