package publish

import "time"

// The methods in this file name camera, view and label in every call. They count names that do not exist. Use Camera, View and
// Action instead, which report such a name once, at the start.

// Event publishes an event.
func (p *Publisher) Event(e Event) {
	if a := p.states.action(e.Source, e.Label); p.known(a != nil) {
		a.PublishEvent(e)
	}
}

// State publishes whether the action is going on.
func (p *Publisher) State(path, label string, on bool) {
	if a := p.states.action(path, label); p.known(a != nil) {
		a.SetState(on)
	}
}

// Threshold publishes the score at which the action starts.
func (p *Publisher) Threshold(path, label string, score float64) {
	if a := p.states.action(path, label); p.known(a != nil) {
		a.SetThreshold(score)
	}
}

// Enabled publishes whether edged analyses the view.
func (p *Publisher) Enabled(path string, on bool) {
	if v := p.states.views[path]; p.known(v != nil) {
		v.SetEnabled(on)
	}
}

// Snapshot publishes a picture.
func (p *Publisher) Snapshot(path string, jpeg []byte) {
	if v := p.states.views[path]; p.known(v != nil) {
		v.SetSnapshot(jpeg)
	}
}

// CameraStatus publishes whether the camera delivers pictures.
func (p *Publisher) CameraStatus(camera string, online bool) {
	if c := p.states.cameras[camera]; p.known(c != nil) {
		c.SetOnline(online)
	}
}

// Scores publishes a window's scores.
func (p *Publisher) Scores(path string, n uint64, t time.Duration, scores []float32) {
	if v := p.states.views[path]; p.known(v != nil && len(scores) == len(v.labels)) {
		v.SetScores(n, t, scores)
	}
}

// Stats publishes the node's statistics.
func (p *Publisher) Stats(json []byte) { p.SetStats(json) }

func (p *Publisher) known(ok bool) bool {
	if !ok {
		p.counters.unknown.Add(1)
	}
	return ok
}
