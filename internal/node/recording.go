package node

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"edged/capture/pixel"
	"edged/infer"
	"edged/internal/background"
	"edged/internal/config"
	"edged/internal/pictures"
	"edged/internal/sink"
	"edged/internal/watch"
	"edged/record"
)

// addRecording prepares the timeline, the recorder if it is configured, and what makes pictures of every camera for it and for the page.
func (n *Node) addRecording() error {
	n.Timeline = n.State.Timeline
	if n.Config.Record.Enabled {
		dir := clipsDir(n.Config)
		if dir == "" {
			return errors.New("record: there is no folder for clips; set record.dir or state_dir")
		}
		n.Recorder = n.newRecorder(dir)
	}
	n.Live = map[string]*pictures.Live{}
	for i, c := range n.Cameras {
		n.Live[c.Name] = new(pictures.Live)
		feed := n.newFeed(n.Config.Cameras[i], c)
		n.feeds = append(n.feeds, feed)
		c.Taps.Add(feed)
	}
	return nil
}

// clipsDir is the folder for clips; "" if there is none.
func clipsDir(cfg *config.Config) string {
	if cfg.Record.Dir != "" {
		return cfg.Record.Dir
	}
	if dir := stateDir(cfg); dir != "" {
		return filepath.Join(dir, "clips")
	}
	return ""
}

func (n *Node) newRecorder(dir string) *record.Recorder {
	cfg := n.Config.Record
	r := &record.Recorder{
		Dir: dir, Before: cfg.Before, After: cfg.After, MaxClip: cfg.MaxClip, MaxBytes: cfg.MaxBytes, MaxAge: cfg.MaxAge,
		Memory: cfg.Memory, Rate: float64(cfg.FPS), Delay: longestDelay(n.Config.Detect),
		Node: n.Config.Node, Version: n.Version,
		Timeline: n.Timeline,
	}
	for i, c := range n.Cameras {
		m := n.engineOf(c.Name).Model
		model := record.Model{Name: m.Manifest.Name, SHA256: m.SHA256}
		for j, v := range n.ViewsOf(n.Config.Cameras[i]) {
			view := record.View{Camera: c.Name, Path: c.Views[j].Path, Area: v.Area, Model: model, Rate: m.Manifest.FrameRate / float64(max(v.Stride, 1))}
			if v.Follow.On {
				view.Targets = v.Follow.Max
			}
			r.Views = append(r.Views, view)
		}
	}
	r.Initialize()
	return r
}

// longestDelay is how long after its start an action may be reported, beside what smoothing takes.
func longestDelay(d config.Detect) time.Duration {
	longest := d.MinDuration
	for label := range d.Labels {
		longest = max(longest, d.For(label).MinDuration)
	}
	return longest + d.Smoothing
}

func (n *Node) newFeed(cam config.Camera, c *watch.Camera) *pictures.Feed {
	feed := &pictures.Feed{
		Masks: watch.Polygons(cam.Masks), Side: n.Config.Record.Side, Consumers: []pictures.Consumer{n.Live[c.Name]},
		OnError: complaints(c.Name),
	}
	for _, v := range watch.Views(n.Config, cam, n.modelOf(cam)) {
		feed.Areas = append(feed.Areas, pixel.Area{X: v.Area[0], Y: v.Area[1], Width: v.Area[2], Height: v.Area[3]})
	}
	if n.Recorder != nil {
		feed.Consumers = append(feed.Consumers, n.Recorder.Pictures(c.Name))
	}
	return feed
}

// complaints logs a camera's errors, at most once a minute.
func complaints(camera string) func(error) {
	var last time.Time
	return func(err error) {
		if time.Since(last) < time.Minute {
			return
		}
		last = time.Now()
		slog.Warn("a frame could not be made into a picture for clips and the page", "camera", camera, "error", err)
	}
}

// runRecording starts what makes pictures and writes clips. Stop finishes the clips in progress.
func (n *Node) runRecording() (stop func()) {
	var stops []func()
	if n.Recorder != nil {
		stops = append(stops, background.Start(n.Recorder.Run))
	}
	for _, f := range n.feeds {
		stops = append(stops, background.Start(func(ctx context.Context) { f.Run(ctx) }))
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// recordingSinks are the sinks of recording; they come before all others.
func (n *Node) recordingSinks() sink.List {
	if n.Recorder == nil {
		return sink.List{n.Timeline}
	}
	return sink.List{n.Timeline, n.Recorder}
}

// clips names the clip of each action of one view: the recorder chooses it when the action starts.
type clips map[doing]string

// doing is an action in progress: several targets of a view may do the same.
type doing struct {
	label string
	track uint64
}

// noteEvent begins a clip when an action starts and forgets it when the action ends. It returns the clip's id; "" if there is none.
func (c clips) noteEvent(n *Node, e sink.Event, phase infer.Phase) string {
	if n.Recorder == nil {
		return ""
	}
	action := doing{e.Label, e.Track}
	if phase == infer.Start {
		c[action] = n.Recorder.Begin(e)
	}
	clip := c[action]
	if phase == infer.End {
		delete(c, action)
	}
	return clip
}
