// Package telemetry says what a node counts, and shows it as JSON, to Prometheus and as a table.
package telemetry

// Node is the payload of edged/<node>/stats and of the page /status. Counters count since the start, rates are of the
// last statisticsEvery.
type Node struct {
	Node          string            `json:"node"`
	Version       string            `json:"version"`
	UptimeSeconds int64             `json:"uptime_seconds"`
	Model         Model             `json:"model"`
	CPUCelsius    *float64          `json:"cpu_temperature_celsius,omitempty"` // absent: the machine does not say
	Cameras       map[string]Camera `json:"cameras"`

	Broker          string `json:"broker"`
	BrokerConnected bool   `json:"broker_connected"`
	BrokerConnects  uint64 `json:"broker_connects"`
	BrokerFailures  uint64 `json:"broker_failures"`          // tries to connect that failed
	EventsSent      uint64 `json:"events_sent"`              // acknowledged by the broker
	EventsWaiting   int    `json:"events_waiting"`           // not yet acknowledged
	EventsDropped   uint64 `json:"events_dropped"`           // too many, too large, too old, or of what the configuration no longer has
	OutboxError     string `json:"outbox_error,omitempty"`   // why events wait in memory alone
	SettingsError   string `json:"settings_error,omitempty"` // why what was set is in memory alone
	ScoresDropped   uint64 `json:"scores_dropped"`           // no connection, or a newer window came first
	CommandsTaken   uint64 `json:"commands_taken"`
	CommandsRefused uint64 `json:"commands_refused"` // for what they asked, and what is too large to be one
	ConsoleDropped  uint64 `json:"console_dropped"`  // lines that the terminal did not take
	LogDropped      uint64 `json:"log_dropped"`      // lines that stderr did not take
}

type Model struct {
	Name           string `json:"name"`
	Version        string `json:"version"`
	SHA256         string `json:"sha256"`
	Delegate       string `json:"delegate"` // that runs; "" while the model is being loaded
	NodesDelegated int    `json:"nodes_delegated"`
	NodesTotal     int    `json:"nodes_total"`
	Threads        int    `json:"threads"`
}

type Camera struct {
	Source       string  `json:"source"`
	Online       bool    `json:"online"`
	Reason       string  `json:"reason,omitempty"` // why it is offline
	FramesPerSec float64 `json:"frames_per_second"`

	Frames         uint64 `json:"frames"`          // that the camera delivered whole
	Unwatched      uint64 `json:"unwatched"`       // frames while no view was enabled
	OffGrid        uint64 `json:"off_grid"`        // given back undecoded: the model samples fewer
	Mistimed       uint64 `json:"mistimed"`        // the driver's time made no sense: that of arrival was taken
	DroppedLost    uint64 `json:"dropped_lost"`    // never delivered: gaps in the driver's numbers
	DroppedFlagged uint64 `json:"dropped_flagged"` // the driver marked them as damaged
	DroppedEmpty   uint64 `json:"dropped_empty"`
	DroppedCorrupt uint64 `json:"dropped_corrupt"` // did not decode
	DroppedRing    uint64 `json:"dropped_ring"`    // a pipeline still read the slot
	Dropped        uint64 `json:"dropped"`         // all of these

	// Failures counts the times that the camera could not be opened or went away, by reason.
	Failures map[string]uint64 `json:"failures"`
	// Views are what is watched by itself, by name: the camera's own where it has no others.
	Views map[string]View `json:"views"`
}

type View struct {
	Enabled       bool    `json:"enabled"`           // frames are looked at
	Problem       string  `json:"problem,omitempty"` // why there are no windows
	WindowsPerSec float64 `json:"windows_per_second"`
	InvokeMs      float64 `json:"invoke_ms"` // mean

	Unwatched      uint64  `json:"unwatched"`       // frames while it was not enabled
	DroppedUnread  uint64  `json:"dropped_unread"`  // left the ring, or became old in a gap, before the pipeline came to it
	Held           uint64  `json:"held"`            // sampling times without a frame: the last one stood in
	Windows        uint64  `json:"windows"`         // runs of the model
	WindowsGated   uint64  `json:"windows_gated"`   // due, and not looked at since nothing moved
	WindowsSkipped uint64  `json:"windows_skipped"` // due while the model ran, replaced by a newer one
	WindowsInvalid uint64  `json:"windows_invalid"` // with a score that is no probability
	Gaps           uint64  `json:"gaps"`            // times that the window was emptied
	SqueezeSeconds float64 `json:"squeeze_seconds"` // spent in keeping the window up to date
	InvokeSeconds  float64 `json:"invoke_seconds"`  // spent in running the model
}
