package publish

import (
	"fmt"
	"sync"

	"edged/internal/sink"
)

// Sink publishes what a node recognises. It implements sink.Sink.
type Sink struct {
	cameras map[string]*CameraTopics // by name
	views   map[string]*ViewTopics   // by path

	mu     sync.Mutex
	active map[*ActionTopics]int // actions in progress: several targets of a view may do the same
	// present is who is where, by the path of the view.
	present map[string]*presence
}

// Sink returns a sink for the views with these paths and for their cameras. It fails if Publisher.Cameras lacks one of them.
// Initialize must have succeeded. To name another camera or view in a call is a programmer's mistake, and panics. The sink ignores an
// action that it does not know: the user has just forgotten it.
func (p *Publisher) Sink(paths ...string) (*Sink, error) {
	s := &Sink{cameras: p.states.cameras, views: map[string]*ViewTopics{}, active: map[*ActionTopics]int{}, present: map[string]*presence{}}
	for _, path := range paths {
		v, err := p.View(path)
		if err != nil {
			return nil, err
		}
		s.views[path], s.present[path] = v, newPresence()
	}
	return s, nil
}

// Event publishes the event and the action's new state.
func (s *Sink) Event(e sink.Event) {
	if a := s.view(e.View).action(e.Label); a != nil {
		a.PublishEvent(e)
		s.setState(a, e)
	}
}

// setState publishes ON while anybody does the action.
func (s *Sink) setState(a *ActionTopics, e sink.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Phase {
	case sink.Start:
		s.active[a]++
	case sink.End:
		s.active[a]--
	}
	a.SetState(s.active[a] > 0)
	s.present[e.View].noteAction(a.view, e)
}

// Visit publishes who is in the zone, and what they do there.
func (s *Sink) Visit(v sink.Visit) {
	z := s.view(v.View).zones[v.Zone]
	if z == nil {
		panic(fmt.Sprintf("publish: view %q has no zone %q", v.View, v.Zone))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.present[v.View].noteVisit(z, v)
}

// Window publishes the window's scores.
func (s *Sink) Window(w sink.Window) { s.view(w.View).SetScores(w.N, w.Time, w.Scores) }

// Camera publishes whether the camera is online.
func (s *Sink) Camera(c sink.Camera) {
	camera := s.cameras[c.Name]
	if camera == nil {
		panic(fmt.Sprintf("publish: no camera %q", c.Name))
	}
	camera.SetOnline(c.Online)
}

// View publishes the view's settings.
func (s *Sink) View(v sink.View) {
	s.view(v.Path).SetEnabled(v.Enabled)
	for label, score := range v.Thresholds {
		if a := s.view(v.Path).action(label); a != nil {
			a.SetThreshold(score)
		}
	}
}

func (s *Sink) view(path string) *ViewTopics {
	v := s.views[path]
	if v == nil {
		panic(fmt.Sprintf("publish: no view %q", path))
	}
	return v
}
