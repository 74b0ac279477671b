package node

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"edged/internal/clock"
	"edged/internal/settings"
	"edged/internal/watch"
	"edged/publish"
)

// SetEnabled switches a view on or off, also over restarts.
func (n *Node) SetEnabled(view string, on bool) error {
	i, err := n.viewIndex(view)
	if err != nil {
		return err
	}
	n.switches.Lock()
	defer n.switches.Unlock()
	n.enable(i, on)
	n.State.Settings.SetEnabled(view, on)
	n.reportView(i)
	return nil
}

// SetThreshold sets the score at which the label's actions start, from bounds.MinThreshold to 1, also over restarts.
func (n *Node) SetThreshold(view, label string, score float64) error {
	i, err := n.viewIndex(view)
	if err != nil {
		return err
	}
	if n.isTaught(view, label) {
		return n.State.Teacher.SetThreshold(view, label, score)
	}
	n.switches.Lock()
	defer n.switches.Unlock()
	if err := n.setThreshold(i, label, score); err != nil {
		return err
	}
	n.State.Settings.SetThreshold(view, n.modelNameOf(i), label, score)
	n.reportView(i)
	return nil
}

// RequestSnapshot asks for a picture of the view.
func (n *Node) RequestSnapshot(view string) error {
	i, err := n.viewIndex(view)
	if err != nil {
		return err
	}
	return n.Views[i].RequestSnapshot()
}

// DeleteClip deletes a clip with its events.
func (n *Node) DeleteClip(id string) error {
	if n.Recorder == nil {
		return errors.New("recording is off")
	}
	return n.Recorder.Delete(id)
}

func (n *Node) viewIndex(path string) (int, error) {
	i := slices.IndexFunc(n.Views, func(v *watch.View) bool { return v.Path == path })
	if i < 0 {
		return 0, fmt.Errorf("no view %q", path)
	}
	return i, nil
}

// applySettings puts what users have set over the configuration, and reports what then holds. Settings of views and labels that do not
// exist now stay in the store: they may come back.
func (n *Node) applySettings() {
	n.switches.Lock()
	defer n.switches.Unlock()
	for i, v := range n.Views {
		s := n.settingsOf(i)
		n.enable(i, s.Enabled == nil || *s.Enabled)
		for label, base := range v.Configured {
			score, set := s.Thresholds[label]
			if !set {
				score = float64(base.Enter)
			}
			if err := n.setThreshold(i, label, score); err != nil {
				slog.Error("threshold not set", "view", v.Path, "error", err)
			}
		}
		n.reportView(i)
	}
}

// settingsOf returns what users have set for the view. Thresholds of another model are left out.
func (n *Node) settingsOf(i int) settings.View {
	path, model := n.Views[i].Path, n.modelNameOf(i)
	s := n.State.Settings.View(path)
	if s.Model == "" && len(s.Thresholds) > 0 { // an older edged wrote it, whose default was another model
		if s.Model = model; n.configuredModel(n.Views[i].Camera) == "" {
			s.Model = formerDefault
		}
		n.State.Settings.Adopt(path, s.Model)
	}
	if s.Model != model && len(s.Thresholds) > 0 {
		slog.Info("thresholds that were set for another model do not hold for this one", "view", path, "set_for", s.Model, "model", model)
		s.Thresholds = nil
	}
	return s
}

// formerDefault is the model that older versions ran where the configuration named none.
const formerDefault = "edged-starter"

// modelNameOf is the name of the model that the view runs.
func (n *Node) modelNameOf(i int) string { return n.engineOf(n.Views[i].Camera).Model.Manifest.Name }

// configuredModel is what the configuration says about the camera's model; "" is the default.
func (n *Node) configuredModel(camera string) string {
	for _, cam := range n.Config.Cameras {
		if cam.Name == camera {
			return n.Config.ModelOf(cam)
		}
	}
	return ""
}

func (n *Node) enable(i int, on bool) {
	n.Views[i].Enable(on)
	n.current[i].Enabled = on
}

func (n *Node) setThreshold(i int, label string, score float64) error {
	if err := n.Views[i].SetThreshold(label, score); err != nil {
		return err
	}
	n.current[i].Thresholds[label] = score
	return nil
}

func (n *Node) reportView(i int) { n.sinks.View(n.current[i]) }

// logCommandsEvery limits the log lines that a flood of commands writes.
const logCommandsEvery = time.Second

// obey does what an MQTT command asks. The publisher calls it for one command at a time.
func (n *Node) obey(c publish.Command) {
	log := slog.New(slog.DiscardHandler)
	if now := clock.Monotonic(); now-n.commanded >= logCommandsEvery {
		n.commanded, log = now, slog.Default()
	}
	var err error
	switch c.Kind {
	case publish.SetEnabled:
		log.Info("set", "view", c.Path, "enabled", c.On)
		err = n.SetEnabled(c.Path, c.On)
	case publish.SetThreshold:
		log.Info("set", "view", c.Path, "label", c.Label, "threshold", c.Score)
		err = n.SetThreshold(c.Path, c.Label, c.Score)
	case publish.TakeSnapshot:
		err = n.RequestSnapshot(c.Path)
	case publish.DeleteClip:
		log.Info("clip deleted by a command", "clip", c.Clip)
		err = n.DeleteClip(c.Clip)
	case publish.Teach:
		log.Info("taught by a command", "view", c.Path, "do", c.Teach.Do, "label", c.Teach.Label)
		err = n.obeyTeaching(c.Path, c.Teach)
	}
	if err == nil {
		return
	}
	if suppressed, ok := n.disobeyed.Take(); ok {
		slog.Warn("command not obeyed", "view", c.Path, "command", c.Kind, "label", c.Label, "clip", c.Clip, "error", err, "lines_suppressed", suppressed)
	}
}
