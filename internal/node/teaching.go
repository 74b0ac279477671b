package node

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"edged/capture/pixel"
	"edged/internal/config"
	"edged/internal/watch"
	"edged/publish"
	"edged/teach"
)

// newTeacher returns a teacher that knows no view yet.
func newTeacher() *teach.Teacher {
	return teach.NewTeacher(teach.Options{
		Log:        slog.Default(),
		CheckName:  func(name string) error { return publish.CheckLabels([]string{name}) },
		NewEncoder: func() (teach.Encoder, error) { return pixel.NewEncoder() },
	})
}

// openTeacher hands what was taught to the node's views. The cameras do not run yet.
func (n *Node) openTeacher() {
	dir := stateDir(n.Config)
	if dir != "" {
		dir = filepath.Join(dir, "teach")
	}
	t := n.State.Teacher
	if err := t.Open(dir); err != nil {
		slog.Error("edged cannot read what it was taught; it will try again", "folder", dir, "error", err)
	}
	var views []teach.ViewOptions
	for i, cam := range n.Config.Cameras {
		for k, v := range watch.Views(n.Config, cam, n.modelOf(cam)) {
			views = append(views, n.teachOptions(cam, v, n.Cameras[i].Views[k].Path))
		}
	}
	t.UseClips(n.clips())
	t.Configure(views, teachSettings(n.Config.Teach), n.embed)
	for _, v := range n.Views {
		m := n.engineOf(v.Camera).Model
		v.Teach(t.View(v.Path), m.Labels, m.Manifest.Background, n.Config.Detect)
	}
	for i := range n.Views {
		_, _ = n.publishTaught(i) // before the publisher sends what waits: it must know the labels of events
	}
}

// clips are the recorded clips; nil if nothing is recorded.
func (n *Node) clips() teach.Clips {
	if n.Recorder == nil {
		return nil
	}
	return clipPictures{n}
}

func (n *Node) teachOptions(cam config.Camera, v config.View, path string) teach.ViewOptions {
	m := n.modelOf(cam)
	f := m.Manifest
	o := teach.ViewOptions{
		Path: path, Camera: cam.Name, Labels: m.Labels, Rules: derivedOf(n.Config, m), Model: m.SHA256, Size: f.Embedding.Size,
		Interval: time.Duration(float64(v.Stride) / f.FrameRate * float64(time.Second)),
		Frames:   f.Frames, Width: f.Width, Height: f.Height, FrameRate: f.FrameRate,
		Follows: v.Follow.On, Targets: v.Follow.Max,
	}
	switch {
	case !n.Config.Teach.Enabled:
		o.Size, o.WhyNot = 0, "teaching is switched off by teach.enabled"
	case o.Size == 0:
		o.WhyNot = fmt.Sprintf("the model %s has no embedding, so nothing can be taught on top of it; export it anew (squeezetime export), or use the built-in model", m.Path)
	}
	return o
}

func teachSettings(c config.Teach) teach.Settings {
	return teach.Settings{KeepPictures: c.KeepPictures, LookBack: c.LookBack, FalseAlarmsPerDay: c.FalseAlarmsPerDay}
}

// followTeaching keeps what the node reports of its views in step with what users teach, until ctx ends.
func (n *Node) followTeaching(ctx context.Context) error {
	changed := make(chan struct{}, 1) // one token
	stop := n.State.Teacher.Watch(func(string) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer stop()
	for {
		n.reportTaught()
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// reportTaught publishes what the views were taught, and reports the thresholds of live actions of those views where they have changed.
func (n *Node) reportTaught() {
	for i := range n.Views {
		actions, err := n.publishTaught(i)
		if err != nil {
			continue
		}
		n.switches.Lock()
		if n.noteTaught(i, actions) {
			n.reportView(i)
		}
		n.switches.Unlock()
	}
}

// noteTaught notes the thresholds of the view's live actions, and returns whether one is new. The caller holds switches.
func (n *Node) noteTaught(i int, actions []teach.Action) (changed bool) {
	live := map[string]float64{}
	for _, a := range actions {
		if a.Live && a.Threshold > 0 && a.State != teach.NeedsName {
			live[a.Name] = a.Threshold
		}
	}
	now := n.current[i].Thresholds
	for label, score := range live {
		changed = changed || now[label] != score
		now[label] = score
	}
	for label := range now {
		_, ours := n.Views[i].Configured[label]
		if _, is := live[label]; !ours && !is {
			delete(now, label)
			changed = true
		}
	}
	return changed
}

// isTaught reports whether the label is a taught action of the view, and of nothing else.
func (n *Node) isTaught(view, label string) bool {
	actions, err := n.State.Teacher.Actions(view)
	return err == nil && slices.ContainsFunc(actions, func(a teach.Action) bool { return a.Name == label && a.State != teach.NeedsName })
}
