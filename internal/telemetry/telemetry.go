// Package telemetry declares every value that a node reports about itself, each once, as a row of a table:
//
//	node.go     values of the node, its model and its publisher
//	camera.go   values of a camera
//	view.go     values of a view
//	model.go    values of a model
//	recording.go  values of the recording of clips
//
// Everything that shows values derives from these rows: /status and the stats topic (json.go), /metrics (prometheus.go), the table that
// edged status prints (status.go), and the sensors in Home Assistant (sensors.go). To add a value, add a row.
package telemetry

// Row declares one value of an S. Key, Metric and Column say where it appears; a row may leave out any of them.
type Row[S any] struct {
	// Value returns the value: a number, a bool, a string, a map of counts by reason (see Label), or an object. It is called
	// whenever somebody asks and may be called from any goroutine.
	Value func(S) any

	Key       string // name in /status and on the stats topic
	OmitEmpty bool   // leave the key out where the value is nil, "" or 0

	Metric string              // name in /metrics, without "edged_"; a counter if it ends in _total, else a gauge
	Help   string              // of the metric; rows of one metric share the first one's
	Label  string              // name of the metric's label whose value is the key of a map
	Labels func(S) [][2]string // further labels of the metric, in a fixed order

	Line   string              // line of edged status that shows the value
	Column string              // column of edged status that shows the value
	Note   bool                // edged status shows the value at the end of the row, without a heading
	Show   func(values) string // text in edged status; nil: the value itself. "" is left out of a Line.

	Sensor *Sensor // nil: Home Assistant shows no sensor
}

// Sensor is how Home Assistant shows a value.
type Sensor struct {
	ID         string // unique among the sensors of an S
	Name       string
	Round      bool   // to one decimal
	Unit       string // "" = none
	Class      string // Home Assistant's device class; "" = none
	StateClass string // measurement, total_increasing
	Icon       string // "" = that of the class
}
