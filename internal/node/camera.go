package node

import (
	"fmt"
	"log/slog"

	"edged/capture"
	"edged/capture/picture"
	"edged/internal/config"
	"edged/internal/sink"
	"edged/internal/watch"
	"edged/models"
)

// addCamera builds what watches a camera and the source that feeds it.
func (n *Node) addCamera(cam config.Camera) error {
	model := n.modelOf(cam)
	views := watch.Views(n.Config, cam, model)
	c, err := watch.New(watch.Options{
		Camera: cam, Views: views, Detect: n.Config.Detect, Rules: rulesOf(n.Config, model), Model: model, OnDecoded: n.OnDecoded,
	})
	if err != nil {
		return err
	}
	n.addToEngine(model, c)
	n.Cameras, n.Views = append(n.Cameras, c), append(n.Views, c.Views...)
	source, err := n.newSource(cam, views, c)
	if err != nil {
		return fmt.Errorf("cameras: %s: %w", cam.Name, err)
	}
	n.Sources = append(n.Sources, source)
	return nil
}

// newSource returns the source that feeds c. A file plays in a loop, in real time, as if it were a camera.
func (n *Node) newSource(cam config.Camera, views []config.View, c *watch.Camera) (*capture.Camera, error) {
	spec, err := capture.ParseSpec(cam.Source)
	if err != nil {
		return nil, err
	}
	log := slog.Default().With("camera", cam.Name)
	switch {
	case cam.Width != 0:
	case spec.Kind == capture.KindV4L2:
		cam.Width, cam.Height = leastSize(cam, views, n.modelOf(cam).Manifest)
	case spec.Kind == capture.KindFile, spec.Kind == capture.KindRTSP:
		cam.Width, cam.Height = n.decodedSize(cam, views)
	}
	format, _ := picture.Named(cam.Format) // 0 if the configuration names none
	source, err := capture.NewSource(spec, capture.Options{
		FourCC: format, Width: cam.Width, Height: cam.Height, FrameRate: float64(cam.FPS),
		StallAfter: cam.StallAfter, Dir: cam.Dir, RealTime: true, Loop: true, Counters: &c.Counters, Log: log,
	})
	if err != nil {
		return nil, err
	}
	frozenAfter := cam.FrozenAfter
	if spec.Kind == capture.KindFile { // a file may well show the same picture for long
		frozenAfter = 0
	}
	return &capture.Camera{
		Source: source, Sink: c.Frame, Counters: &c.Counters, Log: log, BadAfter: cam.StallAfter, FrozenAfter: frozenAfter,
		OnStatus: func(online bool, reason error) {
			c.SetStatus(online, reason)
			if live := n.Live[c.Name]; live != nil && !online {
				live.Wipe() // nobody must take it for a picture of now
			}
			n.sinks.Camera(sink.Camera{Name: c.Name, Online: online, Reason: reason})
		},
	}, nil
}

// leastSize is the picture size to ask a camera for. A snapshot is for people, so it is larger. Users ask for more than 1280x720
// themselves.
func leastSize(cam config.Camera, views []config.View, model models.Manifest) (width, height int) {
	width, height = watch.LeastSize(views, model)
	if cam.Snapshots {
		width, height = max(width, 640), max(height, 480)
	}
	return min(width, 1280), min(height, 720)
}

// decodedSize is the least size of the pictures of a video file or a network camera: enough for the model, and for the people who look at the page, at clips and
// at snapshots.
func (n *Node) decodedSize(cam config.Camera, views []config.View) (width, height int) {
	width, height = watch.LeastSize(views, n.modelOf(cam).Manifest)
	side := max(n.Config.Record.Side, 640)
	if cam.Snapshots {
		side = max(side, watch.SnapshotSide)
	}
	return max(width, side), max(height, side*9/16)
}
