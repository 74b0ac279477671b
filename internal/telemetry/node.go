package telemetry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"edged/infer/engine"
	"edged/internal/printable"
	"edged/internal/watch"
	"edged/models"
	"edged/publish"
	"edged/record"
)

// Node is what the values of a node are read from.
type Node struct {
	Name    string
	Version string // of edged
	Uptime  time.Duration
	Models  []Model  // at least one; that of the first camera first
	Celsius *float64 // temperature of the processor; nil: unknown
	Cameras []Camera

	Recording *record.Stats // nil: no clips are recorded

	Broker         string
	Publisher      publish.Counters
	TeachError     string // why what users teach would not survive a restart, or what was lost of it; "": all is well
	SettingsError  error  // why switches and thresholds are in memory only; nil: they are on disk, or nobody asked for that
	ConsoleDropped uint64 // lines that the terminal did not take
	LogDropped     uint64 // lines that standard error did not take
}

// Camera is what the values of a camera are read from.
type Camera struct {
	*watch.Camera
	Source string // as users may see it
}

// Model is what the values of a model are read from.
type Model struct {
	*models.Model
	Engine  *engine.Info // nil while the model is being loaded
	Cameras []Camera     // whose views it judges
}

// View is what the values of a view are read from.
type View = *watch.View

var nodeRows = slices.Concat([]Row[*Node]{
	{Key: "node", Value: func(n *Node) any { return n.Name }, Line: "node"},
	{
		Key: "version", Value: func(n *Node) any { return n.Version }, Line: "node",
		Show: func(v values) string { return "edged " + v.text("version") },
	},
	{
		Metric: "build_info", Help: "1; the version is in the label.", Value: one,
		Labels: func(n *Node) [][2]string { return [][2]string{{"version", n.Version}} },
	},
	{
		Key: "uptime_seconds", Value: func(n *Node) any { return int64(n.Uptime.Seconds()) }, Line: "node",
		Show: func(v values) string {
			return fmt.Sprintf("up %v", time.Duration(v.number("uptime_seconds"))*time.Second)
		},
	},
	{Key: "model", Value: func(n *Node) any { return object(modelRows, n.model()) }, Line: "model", Show: showModel},
	{Key: "models", Value: func(n *Node) any { return modelsOf(n) }},
	{
		Metric: "model_info", Help: "1; the labels say which model runs, and on what.", Value: one,
		Labels: func(n *Node) [][2]string {
			m := n.model()
			return [][2]string{{"name", m.Manifest.Name}, {"version", m.Manifest.Version}, {"sha256", m.SHA256}, {"delegate", m.engine().Delegate}}
		},
	},
	{
		Metric: "model_nodes", Help: "Nodes of the model's graph, by whether the delegate runs them.",
		Value:  func(n *Node) any { return n.model().engine().NodesDelegated },
		Labels: func(*Node) [][2]string { return [][2]string{{"delegated", "true"}} },
	},
	{
		Metric: "model_nodes",
		Value:  func(n *Node) any { return n.model().engine().NodesTotal - n.model().engine().NodesDelegated },
		Labels: func(*Node) [][2]string { return [][2]string{{"delegated", "false"}} },
	},
	{
		Key: "cpu_temperature_celsius", OmitEmpty: true, Value: func(n *Node) any { return pointed(n.Celsius) },
		Metric: "cpu_temperature_celsius", Help: "The processor's temperature, if the machine reports it.",
		Sensor: &Sensor{ID: "cpu_temperature", Name: "CPU temperature", Unit: "°C", Class: "temperature", StateClass: measurement},
	},
	{Key: "cameras", Value: func(n *Node) any { return camerasOf(n) }},

	{Key: "broker", Value: func(n *Node) any { return n.Broker }, Line: "broker"},
	{
		Key: "broker_connected", Value: func(n *Node) any { return n.Publisher.Connected }, Line: "broker",
		Metric: "broker_connected", Help: "1 while edged is connected to the MQTT broker.",
		Show: func(v values) string {
			return fmt.Sprintf("%s; events: %d sent, %d waiting, %d dropped", choose(v.is("broker_connected"), "connected", "NO CONNECTION"),
				v.count("events_sent"), v.count("events_waiting"), v.count("events_dropped"))
		},
	},
	{
		Key: "broker_connects", Value: func(n *Node) any { return n.Publisher.Connects },
		Metric: "broker_connects_total", Help: "Connections to the broker that succeeded.",
	},
	{
		Key: "broker_failures", Value: func(n *Node) any { return n.Publisher.ConnectFailures },
		Metric: "broker_connect_failures_total", Help: "Attempts to connect to the broker that failed.",
	},
	{
		Key: "events_sent", Value: func(n *Node) any { return n.Publisher.EventsSent },
		Metric: "events_sent_total", Help: "Events that the broker has acknowledged.",
	},
	{
		Key: "events_waiting", Value: func(n *Node) any { return n.Publisher.EventsWaiting },
		Metric: "events_waiting", Help: "Events that wait for the broker's acknowledgement.",
		Sensor: &Sensor{ID: "events_waiting", Name: "events waiting", StateClass: measurement, Icon: "mdi:tray-full"},
	},
	{ // too many, too large, too old, or of a camera that the configuration no longer has
		Key: "events_dropped", Value: func(n *Node) any { return n.Publisher.EventsDropped },
		Metric: "dropped_total", Help: "What edged dropped instead of sending or printing it, by kind.", Labels: kind("events"),
	},
	{
		Key: "outbox_error", OmitEmpty: true, Value: func(n *Node) any { return printable.Error(n.Publisher.OutboxError) },
		Line: "outbox", Show: degraded("outbox_error", "events wait in memory only"),
	},
	{
		Metric: "outbox_on_disk", Help: "0 while waiting events are in memory only, although they should be on disk.",
		Value: func(n *Node) any { return n.Publisher.OutboxError == nil },
	},
	{
		Key: "not_delivered", OmitEmpty: true, Value: func(n *Node) any { return strings.Join(n.Publisher.Unheard, " ") },
		Line: "delivery", Show: degraded("not_delivered", "the broker does not deliver what edged publishes to"),
	},
	{
		Metric: "topics_not_delivered", Help: "Topics, of those that edged checks, that the broker acknowledges and does not deliver.",
		Value: func(n *Node) any { return len(n.Publisher.Unheard) },
	},
	{
		Key: "settings_error", OmitEmpty: true, Value: func(n *Node) any { return printable.Error(n.SettingsError) },
		Line: "settings", Show: degraded("settings_error", "a restart will forget switches and thresholds"),
	},
	{
		Key: "teach_error", OmitEmpty: true, Value: func(n *Node) any { return printable.Line(n.TeachError) },
		Line: "teaching", Show: func(v values) string {
			if v.text("teach_error") == "" {
				return ""
			}
			return "DEGRADED: " + v.text("teach_error")
		},
	},
	{
		Metric: "teach_degraded", Help: "1 while edged cannot save what users teach, or where it has lost something of that.",
		Value: func(n *Node) any { return n.TeachError != "" },
	},
	{ // windows without a connection, or replaced by a newer one before they were sent
		Key: "scores_dropped", Value: func(n *Node) any { return n.Publisher.ScoresSkipped },
		Metric: "dropped_total", Labels: kind("scores"),
	},
	{
		Key: "commands_taken", Value: func(n *Node) any { return n.Publisher.CommandsTaken },
		Metric: "commands_total", Help: "Commands that came by MQTT, by whether edged obeyed them.", Labels: result("taken"),
	},
	{
		Key: "commands_refused", Value: func(n *Node) any { return n.Publisher.CommandsRefused },
		Metric: "commands_total", Labels: result("refused"),
	},
	{
		Key: "console_dropped", Value: func(n *Node) any { return n.ConsoleDropped },
		Metric: "dropped_total", Labels: kind("console"),
	},
	{
		Key: "log_dropped", Value: func(n *Node) any { return n.LogDropped },
		Metric: "dropped_total", Labels: kind("log"),
	},
}, recordingRows)

const measurement, totalIncreasing = "measurement", "total_increasing"

// model is the model of the first camera.
func (n *Node) model() Model { return n.Models[0] }

// showModel is the line of a daemon that is too old to have a table of models.
func showModel(v values) string {
	if len(v.objects("models")) > 0 {
		return ""
	}
	m := v.object("model")
	return fmt.Sprintf("%s %s, %s, %d/%d nodes, sha256 %.12s", m.text("name"), m.text("version"), m.text("delegate"),
		m.count("nodes_delegated"), m.count("nodes_total"), m.text("sha256"))
}

func one(*Node) any { return 1 }

func kind(of string) func(*Node) [][2]string {
	return func(*Node) [][2]string { return [][2]string{{"kind", of}} }
}

func result(of string) func(*Node) [][2]string {
	return func(*Node) [][2]string { return [][2]string{{"result", of}} }
}

func degraded(key, what string) func(values) string {
	return func(v values) string {
		if v.text(key) == "" {
			return ""
		}
		return "DEGRADED, " + what + ": " + v.text(key)
	}
}

func pointed(f *float64) any {
	if f == nil {
		return nil
	}
	return *f
}

func choose(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}
