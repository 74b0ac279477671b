package node

import (
	"fmt"
	"log/slog"
	"math"

	"edged/capture"
	"edged/capture/picture"
	"edged/internal/config"
	"edged/internal/sink"
	"edged/internal/watch"
	"edged/models"
)

// addCamera builds what watches a camera and the source that feeds it.
func (n *Node) addCamera(cam config.Camera) error {
	views := watch.Views(n.Config, cam, n.Model)
	c, err := watch.New(watch.Options{Camera: cam, Views: views, Detect: n.Config.Detect, Model: n.Model, OnDecoded: n.OnDecoded})
	if err != nil {
		return err
	}
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
	if spec.Kind == capture.KindV4L2 && cam.Width == 0 {
		cam.Width, cam.Height = leastSize(cam, views, n.Model.Manifest)
	}
	format, _ := picture.Named(cam.Format) // 0 if the configuration names none
	source, err := capture.NewSource(spec, capture.Options{
		FourCC: format, Width: cam.Width, Height: cam.Height, FrameRate: float64(cam.FPS),
		StallAfter: cam.StallAfter, RealTime: true, Loop: true, Counters: &c.Counters, Log: log,
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
			n.sinks.Camera(sink.Camera{Name: c.Name, Online: online, Reason: reason})
		},
	}, nil
}

// leastSize is the picture size in which each view has twice the model's pixels in each direction. A smaller picture would show the
// sensor's noise, and what the camera skips to make it small. A snapshot is for people, so it is larger. Users ask for more than
// 1280x720 themselves.
func leastSize(cam config.Camera, views []config.View, model models.Manifest) (width, height int) {
	if cam.Snapshots {
		width, height = 640, 480
	}
	for _, v := range views {
		width = max(width, int(math.Ceil(2*float64(model.Width)/v.Area[2])))
		height = max(height, int(math.Ceil(2*float64(model.Height)/v.Area[3])))
	}
	return min(width, 1280), min(height, 720)
}
