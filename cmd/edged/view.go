package main

import (
	"sync/atomic"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/infer"
	"edged/internal/config"
	"edged/models"
)

// view is what is watched by itself: a camera's picture or a part of it, with windows and actions of its own. The capture
// goroutine calls wanted, the engine's goroutine runs the pipeline.
type view struct {
	path       string // in topics: that of the camera, or camera/view
	name       string // "" = the camera's only view
	area       pixel.Area
	pipeline   infer.Pipeline
	thresholds map[string]infer.Thresholds // of the configuration, by action
	snapshots  *snapshots                  // nil: none are made

	enabled   atomic.Bool // frames are looked at
	watched   bool        // the capture loop has seen that they are
	unwatched atomic.Uint64
	rates     atomic.Pointer[rates] // of the last report
	mark      mark                  // the last report's, of its goroutine
	stretch   stretch
	starved   atomic.Pointer[error] // why it has no windows
}

// viewPath is where a view stands in topics.
func viewPath(camera, view string) string {
	if view == "" {
		return camera
	}
	return camera + "/" + view
}

// viewsOf are the camera's views, as far as the model allows.
func viewsOf(cfg *config.Config, cam config.Camera, m *models.Model) []config.View {
	f := m.Manifest
	return cfg.ViewsOf(cam, infer.CanGate(f.Width, f.Height, f.Frames))
}

func newView(camera config.Camera, c config.View, m *models.Model, detect config.Detect) (*view, error) {
	f := m.Manifest
	v := &view{
		path: viewPath(camera.Name, c.Name), name: c.Name, thresholds: map[string]infer.Thresholds{},
		area: pixel.Area{X: c.Area[0], Y: c.Area[1], Width: c.Area[2], Height: c.Area[3]},
	}
	decider, err := newDecider(m, detect, c.Stride)
	if err != nil {
		return nil, err
	}
	v.pipeline.Decider = decider
	v.pipeline.Frames, v.pipeline.Stride = f.Frames, c.Stride
	v.pipeline.OnEvent = func(infer.Event) {}
	if *c.MotionGate {
		if v.pipeline.Gate, err = infer.NewGate(f.Width, f.Height, f.Frames, detect.Heartbeat); err != nil {
			return nil, err
		}
	}
	for _, label := range m.Labels {
		if label != f.Background {
			v.thresholds[label] = rule(detect.For(label)).Thresholds
		}
	}
	if camera.Snapshots {
		v.snapshots = newSnapshots(v.area, polygons(camera.Masks))
	}
	v.enabled.Store(true)
	v.pipeline.Pause() // until the capture loop has seen that it is enabled
	return v, nil
}

func newDecider(m *models.Model, detect config.Detect, stride int) (*infer.Decider, error) {
	rules := map[string]infer.Rule{}
	for label := range detect.Labels {
		rules[label] = rule(detect.For(label))
	}
	return infer.NewDecider(m.Labels, infer.DeciderOptions{
		Rule:       rule(detect),
		PerLabel:   rules,
		Background: m.Manifest.Background,
		Smoothing:  detect.Smoothing,
		Interval:   time.Duration(float64(stride) / m.Manifest.FrameRate * float64(time.Second)),
	})
}

func rule(d config.Detect) infer.Rule {
	return infer.Rule{
		Thresholds:  infer.Thresholds{Enter: float32(d.Enter), Exit: float32(d.Exit)},
		MinDuration: d.MinDuration, Cooldown: d.Cooldown, UpdateEvery: d.UpdateEvery,
	}
}

// wanted says whether the view looks at the frame, which will have that number in the ring if it is taken.
func (v *view) wanted(f *capture.Frame, next uint64) bool {
	on := v.enabled.Load()
	if on != v.watched {
		v.watched = on
		if on {
			v.pipeline.Begin(next)
		} else {
			v.pipeline.Pause()
		}
	}
	if !on {
		v.unwatched.Add(1)
		return false
	}
	v.snapshots.see(f)
	return true
}
