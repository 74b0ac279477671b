package publish

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"edged/internal/sink"
)

// The types in this file stand for the topics of one camera, view or action. Get them once, at the start: then no later call can
// name a camera, view or label that does not exist. All methods return at once and may be called from any goroutine.

// CameraTopics are the topics of one camera.
type CameraTopics struct {
	states *states
	status *retained
}

// ViewTopics are the topics of one view: of a part of a camera's picture, or of the whole picture.
type ViewTopics struct {
	publisher   *Publisher // nil in tests
	states      *states
	camera      string // its name
	path        string
	model       string // SHA256 of the model that judges it; "" = not known
	eventTopic  string
	scoresTopic string
	source      string                   // JSON: "camera":NAME and, for a part of the picture, "view":NAME
	labels      []string                 // JSON strings, each with a colon, in the model's order
	actions     map[string]*ActionTopics // by label; states.mu guards it
	teaching    teaching
	zones       map[string]*ZoneTopics // by name

	echoed   *retained // the state of the first action, of which the broker must deliver an echo; nil = there is no action
	enabled  *retained
	last     *retained // the newest event
	snapshot *retained // nil: the camera publishes none

	// states.mu guards these.
	lastEvent   queued // what last says
	lastAction  *ActionTopics
	window      window        // the newest one; its scores belong to this struct
	windowWaits bool          // the window is yet to be sent
	lastTaken   time.Duration // time of the last window that setScores took
	tookWindow  bool          // setScores took one
}

// ActionTopics are the topics of one action of a view.
type ActionTopics struct {
	view             *ViewTopics
	label            string
	quoted           string      // the label as a JSON string
	state, threshold *retained   // threshold is nil for an action that follows from others
	shadow           *retained   // nil: not a taught action
	inZones          []*retained // states of a taught action in the view's zones
}

// window is the scores of one run of the model.
type window struct {
	n      uint64
	time   time.Duration // capture of its newest frame, CLOCK_MONOTONIC
	scores []float32     // one for each label
}

func newViewTopics(s *states, t topics, c Camera, path string) *ViewTopics {
	v := &ViewTopics{
		states: s, camera: c.Name, path: path, eventTopic: t.of(path, "event"), scoresTopic: t.of(path, "scores"),
		source:  `"camera":` + quote(c.Name),
		actions: map[string]*ActionTopics{}, model: c.Model.SHA256,
		window: window{scores: make([]float32, len(c.Labels))},
	}
	if name, ok := strings.CutPrefix(path, c.Name+"/"); ok {
		v.source += `,"view":` + quote(name)
	}
	for _, label := range c.Labels {
		v.labels = append(v.labels, quote(label)+":")
	}
	return v
}

// Camera returns the topics of a camera in Publisher.Cameras. Initialize must have succeeded.
func (p *Publisher) Camera(name string) (*CameraTopics, error) {
	if c := p.states.cameras[name]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("publish: no camera %q in Publisher.Cameras", name)
}

// View returns the topics of a view, by its path: "camera", or "camera/view" for a part of the picture. Initialize must have
// succeeded.
func (p *Publisher) View(path string) (*ViewTopics, error) {
	if v := p.states.views[path]; v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("publish: no view %q in Publisher.Cameras", path)
}

// Action returns the topics of one action. The background label is not an action.
func (v *ViewTopics) Action(label string) (*ActionTopics, error) {
	if a := v.action(label); a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("publish: view %q has no action %q", v.path, label)
}

// SetOnline publishes whether the camera delivers pictures. Before the first call a camera is offline.
func (c *CameraTopics) SetOnline(isOnline bool) {
	set(c.states, c.status, choose(isOnline, online, offline))
}

// SetEnabled publishes whether edged analyses the view. Before the first call nothing is published.
func (v *ViewTopics) SetEnabled(enabled bool) {
	set(v.states, v.enabled, choose(enabled, on, off))
}

// SetSnapshot publishes a picture. It is copied before SetSnapshot returns, and the broker keeps it until the next one. Views of
// cameras without Snapshots ignore it.
func (v *ViewTopics) SetSnapshot(jpeg []byte) {
	if v.snapshot != nil && len(jpeg) > 0 {
		set(v.states, v.snapshot, jpeg)
	}
}

// SetScores publishes the scores of window number n, whose newest frame was captured at t: one probability for each label, in the
// camera's order. They are copied before SetScores returns. Scores that could not be sent before the next ones come are dropped and
// counted. With PublishScores false, SetScores does nothing. Another number of scores than of labels is a programmer's mistake.
func (v *ViewTopics) SetScores(n uint64, t time.Duration, scores []float32) {
	if len(scores) != len(v.labels) {
		panic(fmt.Sprintf("publish: view %q: %d scores for %d labels", v.path, len(scores), len(v.labels)))
	}
	if v.publisher.PublishScores {
		v.states.setScores(v, window{n: n, time: t, scores: scores}, v.publisher.ScoresInterval)
	}
}

// SetState publishes whether the action is going on.
func (a *ActionTopics) SetState(active bool) {
	set(a.view.states, a.state, choose(active, on, off))
}

// SetThreshold publishes the score at which the action starts, with at most four decimals. Before the first call nothing is published, and
// never for the action of a rule.
func (a *ActionTopics) SetThreshold(score float64) {
	if a.threshold == nil {
		return
	}
	set(a.view.states, a.threshold, strconv.FormatFloat(math.Round(score*1e4)/1e4, 'f', -1, 64))
}

// PublishEvent puts an event of this action into the outbox, whatever camera, view and label it names. If the outbox is full, the
// oldest event is dropped and counted.
func (a *ActionTopics) PublishEvent(e sink.Event) {
	p := a.view.publisher
	e.Camera, e.View, e.Label = a.view.camera, a.view.path, a.label
	p.Outbox.put(e) // first, so that the connection sends the event before the last action
	p.setLast(&queued{Event: e}, a)
}
