package page

import "net/http"

// Description is what the page shows of a node.
type Description struct {
	Node        string   `json:"node"`
	Version     string   `json:"version"` // of edged
	Began       string   `json:"began"`   // changes with every start
	Model       Model    `json:"model"`
	SmoothingMs int64    `json:"smoothing_ms"` // time constant of the average that is compared with thresholds
	Cameras     []Camera `json:"cameras"`
	Broker      Broker   `json:"broker"`
	Recording   any      `json:"recording"` // record.Stats; null = recording is off
	Hints       []Hint   `json:"hints"`
	Login       bool     `json:"login"` // a password is set
}

// Model is what the node recognises actions with.
type Model struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Labels     []string `json:"labels"`     // in the order of scores
	Background string   `json:"background"` // the label that means "no action"; "" = none
	Width      int      `json:"width"`      // of its pictures
	Height     int      `json:"height"`
}

// Camera is a camera as the page shows it.
type Camera struct {
	Name   string         `json:"name"`
	Source string         `json:"source"`
	Online bool           `json:"online"`
	Reason string         `json:"reason,omitempty"` // why it is offline
	Masks  [][][]float64  `json:"masks"`            // polygons of [x, y], 0 to 1 of the picture
	Own    map[string]any `json:"own"`              // keys of the configuration on which views and zones depend, as it has them
	// Zones are polygons by name, likewise. They have an effect only in views that follow.
	Zones map[string][][]float64 `json:"zones"`
	Views []View                 `json:"views"`
}

// View is a part of a camera's picture with actions of its own.
type View struct {
	Path       string             `json:"path"`
	Name       string             `json:"name"` // "" = the whole camera
	Area       []float64          `json:"area"` // x, y, width, height, 0 to 1 of the picture
	Stride     int                `json:"stride"`
	Own        map[string]any     `json:"own"`     // keys that the configuration sets for this view, beside its name and area
	Labels     []string           `json:"labels"`  // of the camera's model, in the order of scores
	Derived    []string           `json:"derived"` // actions that follow from others; they have no score and no threshold
	Enabled    bool               `json:"enabled"`
	Problem    string             `json:"problem,omitempty"` // why there are no windows
	Thresholds map[string]float64 `json:"thresholds"`        // by label
}

// Broker is the connection to the MQTT broker.
type Broker struct {
	Address   string `json:"address"`
	Connected bool   `json:"connected"`
	BuiltIn   bool   `json:"built_in"`
}

// Hint tells somebody who has just installed edged what to do next.
type Hint struct {
	ID    string   `json:"id"`
	Title string   `json:"title"`
	Text  string   `json:"text"`
	Lines []string `json:"lines,omitempty"` // commands, or lines of the configuration
}

func (p *Page) node(w http.ResponseWriter, _ *http.Request) {
	d := p.Description()
	d.Node, d.Version, d.Began, d.Login = p.Node, p.Version, p.began, p.Login
	if p.Recorder == nil {
		d.Recording = nil
	}
	reply(w, d)
}
