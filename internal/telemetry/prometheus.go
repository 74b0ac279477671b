package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Metrics shows a Node to Prometheus. Names and units are by its conventions: base units, _total for what only grows.
type Metrics struct{ Stats func() Node }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("edged_"+name, help, labels, nil)
}

var (
	buildInfo = describe("build_info", "1; the version is in the label.", "version")
	modelInfo = describe("model_info", "1; which model runs, and on what.", "name", "version", "sha256", "delegate")
	nodes     = describe("model_nodes", "Nodes of the model's graph, by whether the delegate runs them.", "delegated")

	brokerConnected = describe("broker_connected", "1 while the MQTT broker answers.")
	brokerConnects  = describe("broker_connects_total", "Connections to the broker that came up.")
	brokerFailures  = describe("broker_connect_failures_total", "Tries to connect to the broker that failed.")
	eventsSent      = describe("events_sent_total", "Events that the broker has acknowledged.")
	eventsWaiting   = describe("events_waiting", "Events that wait for the broker's acknowledgement.")
	outboxOnDisk    = describe("outbox_on_disk", "0 while waiting events are in memory alone, although the disk was asked for.")
	commands        = describe("commands_total", "Commands that came by MQTT, by whether they were obeyed.", "result")
	temperature     = describe("cpu_temperature_celsius", "The processor's temperature, where the machine says it.")
	dropped         = describe("dropped_total", "What was dropped on its way out, by kind.", "kind")

	online        = describe("camera_online", "1 while the camera delivers pictures.", "camera")
	frames        = describe("camera_frames_total", "Frames that the camera has delivered.", "camera")
	unwatched     = describe("camera_frames_unwatched_total", "Frames that came while no view of the camera was enabled.", "camera")
	offGrid       = describe("camera_frames_off_grid_total", "Frames given back undecoded, since the model samples fewer.", "camera")
	mistimed      = describe("camera_frames_mistimed_total", "Frames whose driver's time made no sense: that of arrival was taken.", "camera")
	framesDropped = describe("camera_frames_dropped_total", "Frames that were dropped, by reason.", "camera", "reason")
	failures      = describe("camera_failures_total", "Times that the camera went away or could not be opened, by reason.", "camera", "reason")

	enabled        = describe("view_enabled", "1 while the view's frames are looked at.", "view")
	framesUnread   = describe("view_frames_unread_total", "Frames that left the ring before the view came to them.", "view")
	framesHeld     = describe("view_frames_held_total", "Sampling times without a frame, for which the last one stood in.", "view")
	gaps           = describe("view_gaps_total", "Times that the window was emptied.", "view")
	windows        = describe("windows_total", "Runs of the model.", "view")
	windowsGated   = describe("windows_gated_total", "Windows that were due and not looked at, since nothing moved.", "view")
	windowsSkipped = describe("windows_skipped_total", "Windows that were due while the model ran, and replaced by a newer one.", "view")
	windowsInvalid = describe("windows_invalid_total", "Windows with a score that is no probability.", "view")
	invokeSeconds  = describe("invoke_seconds_total", "Time spent in running the model.", "view")
	squeezeSeconds = describe("squeeze_seconds_total", "Time spent in keeping the window up to date.", "view")
)

// Describe implements prometheus.Collector.
func (m Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		buildInfo, modelInfo, nodes, brokerConnected, brokerConnects, brokerFailures, eventsSent, eventsWaiting, outboxOnDisk, dropped, commands, temperature,
		online, frames, unwatched, offGrid, mistimed, framesDropped, failures,
		enabled, framesUnread, framesHeld, gaps, windows, windowsGated, windowsSkipped, windowsInvalid, invokeSeconds, squeezeSeconds,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m Metrics) Collect(ch chan<- prometheus.Metric) {
	s := m.Stats()
	send := func(kind prometheus.ValueType) func(*prometheus.Desc, float64, ...string) {
		return func(d *prometheus.Desc, v float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
		}
	}
	gauge, counter := send(prometheus.GaugeValue), send(prometheus.CounterValue)

	gauge(buildInfo, 1, s.Version)
	gauge(modelInfo, 1, s.Model.Name, s.Model.Version, s.Model.SHA256, s.Model.Delegate)
	gauge(nodes, float64(s.Model.NodesDelegated), "true")
	gauge(nodes, float64(s.Model.NodesTotal-s.Model.NodesDelegated), "false")
	gauge(brokerConnected, number(s.BrokerConnected))
	counter(brokerConnects, float64(s.BrokerConnects))
	counter(brokerFailures, float64(s.BrokerFailures))
	counter(eventsSent, float64(s.EventsSent))
	gauge(eventsWaiting, float64(s.EventsWaiting))
	gauge(outboxOnDisk, number(s.OutboxError == ""))
	if s.CPUCelsius != nil {
		gauge(temperature, *s.CPUCelsius)
	}
	counter(commands, float64(s.CommandsTaken), "taken")
	counter(commands, float64(s.CommandsRefused), "refused")
	counter(dropped, float64(s.EventsDropped), "events")
	counter(dropped, float64(s.ScoresDropped), "scores")
	counter(dropped, float64(s.ConsoleDropped), "console")
	counter(dropped, float64(s.LogDropped), "log")
	for name, c := range s.Cameras {
		gauge(online, number(c.Online), name)
		counter(frames, float64(c.Frames), name)
		counter(unwatched, float64(c.Unwatched), name)
		counter(offGrid, float64(c.OffGrid), name)
		counter(mistimed, float64(c.Mistimed), name)
		for reason, n := range map[string]uint64{
			"lost": c.DroppedLost, "flagged": c.DroppedFlagged, "empty": c.DroppedEmpty,
			"corrupt": c.DroppedCorrupt, "ring": c.DroppedRing,
		} {
			counter(framesDropped, float64(n), name, reason)
		}
		for reason, n := range c.Failures {
			counter(failures, float64(n), name, reason)
		}
		for path, v := range c.Views {
			gauge(enabled, number(v.Enabled), path)
			counter(framesUnread, float64(v.DroppedUnread), path)
			counter(framesHeld, float64(v.Held), path)
			counter(gaps, float64(v.Gaps), path)
			counter(windows, float64(v.Windows), path)
			counter(windowsGated, float64(v.WindowsGated), path)
			counter(windowsSkipped, float64(v.WindowsSkipped), path)
			counter(windowsInvalid, float64(v.WindowsInvalid), path)
			counter(invokeSeconds, v.InvokeSeconds, path)
			counter(squeezeSeconds, v.SqueezeSeconds, path)
		}
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
