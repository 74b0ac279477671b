package watch

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"edged/capture/pixel"
	"edged/follow"
	"edged/follow/zones"
	"edged/infer"
	"edged/internal/config"
	"edged/models"
)

// View is a part of a camera's picture, or all of it, with windows and actions of its own.
type View struct {
	Path       string // in topics: the camera's name, or "camera/view"
	Camera     string
	Pipeline   infer.Pipeline
	Configured map[string]infer.Thresholds // the configuration's thresholds, by action
	Unwatched  atomic.Uint64               // frames that came while it was disabled
	Memory     int64                       // bytes for its pictures; see PictureMemory

	area      pixel.Area
	middle    *middle    // nil: the model judges the whole view
	snapshots *snapshots // nil: none are made
	taught    *taught    // nil: it cannot be taught
	enabled   atomic.Bool
	running   bool // the pipeline was begun; the camera's goroutine alone uses it

	rate    atomic.Pointer[rates]
	mark    mark
	stretch stretch
	starved atomic.Pointer[error] // why it has no windows
}

func path(camera, view string) string {
	if view == "" {
		return camera
	}
	return camera + "/" + view
}

func newView(o Options, c config.View) (*View, error) {
	m, f := o.Model, o.Model.Manifest
	v := &View{
		Path: path(o.Camera.Name, c.Name), Camera: o.Camera.Name, Configured: map[string]infer.Thresholds{},
		area: pixel.Area{X: c.Area[0], Y: c.Area[1], Width: c.Area[2], Height: c.Area[3]},
	}
	v.Memory = PictureMemory(c, f)
	decider, err := newDecider(o, c.Stride)
	if err != nil {
		return nil, err
	}
	v.Pipeline.Decider = decider
	v.Pipeline.Frames, v.Pipeline.Stride = f.Frames, c.Stride
	v.Pipeline.OnEvent = func(infer.Event) {}
	if c.Follow.On {
		if f.Width != f.Height {
			return nil, fmt.Errorf("follow: the model's input is %dx%d pixels; only a square one can follow", f.Width, f.Height)
		}
		v.middle = &middle{area: v.area, masks: Polygons(o.Camera.Masks)}
		v.Pipeline.Targets = &infer.Targets{Side: f.Width, Options: follow.Options{
			Max: c.Follow.Max, Smallest: c.Follow.Smallest, Still: int(c.Follow.Still.Seconds() * f.FrameRate),
		}}
		area := [4]float64(c.Area)
		if shown := zones.Shown(o.Camera.Zones, area); len(shown) > 0 {
			v.Pipeline.Targets.Zones = zones.New(shown, area)
		}
	} else if *c.MotionGate {
		if v.Pipeline.Gate, err = infer.NewGate(f.Width, f.Height, f.Frames, o.Detect.Heartbeat); err != nil {
			return nil, err
		}
	}
	for _, label := range m.Labels {
		if label != f.Background {
			v.Configured[label] = rule(o.Detect.For(label)).Thresholds
		}
	}
	if o.Camera.Snapshots {
		v.snapshots = newSnapshots(v.area, Polygons(o.Camera.Masks))
	}
	v.enabled.Store(true)
	v.Pipeline.Pause() // until the first frame begins it
	return v, nil
}

func newDecider(o Options, stride int) (*infer.Decider, error) {
	m, detect := o.Model, o.Detect
	rules := map[string]infer.Rule{}
	for label := range detect.Labels {
		if slices.Contains(m.Labels, label) { // else it is another camera's model that has it
			rules[label] = rule(detect.For(label))
		}
	}
	return infer.NewDecider(m.Labels, infer.DeciderOptions{
		Rule:       rule(detect),
		PerLabel:   rules,
		Background: m.Manifest.Background,
		Smoothing:  detect.Smoothing,
		Interval:   time.Duration(float64(stride) / m.Manifest.FrameRate * float64(time.Second)),
		Derived:    derived(o.Rules, detect.UpdateEvery),
	})
}

// derived are the rules as a decider follows them, in the order of their names.
func derived(rules map[string]config.Rule, updateEvery time.Duration) (all []infer.Derived) {
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		r := rules[name]
		all = append(all, infer.Derived{
			Name: name, After: config.Words(r.After), Then: config.Words(r.Then), Within: r.Within, Until: config.Words(r.Until),
			No: config.Words(r.Without), For: r.For, UpdateEvery: updateEvery,
		})
	}
	return all
}

// Actions are the labels of a model that can be actions: all but its background.
func Actions(m *models.Model) []string {
	return slices.DeleteFunc(slices.Clone(m.Labels), func(l string) bool { return l == m.Manifest.Background })
}

func rule(d config.Detect) infer.Rule {
	return infer.Rule{
		Thresholds:  infer.Thresholds{Enter: float32(d.Enter), Exit: float32(d.Exit)},
		MinDuration: d.MinDuration, Cooldown: d.Cooldown, UpdateEvery: d.UpdateEvery,
	}
}

// Enabled reports whether the view's frames are analysed.
func (v *View) Enabled() bool { return v.enabled.Load() }

// Enable switches the view on or off. A snapshot that somebody asked for before is forgotten.
func (v *View) Enable(on bool) {
	v.snapshots.cancel()
	v.enabled.Store(on)
	if v.taught != nil {
		v.taught.view.Enable(on)
	}
}

// SetThreshold sets the score at which the label's actions start. They end at the same share of it as configured.
func (v *View) SetThreshold(label string, score float64) error {
	base, ok := v.Configured[label]
	if !ok {
		return fmt.Errorf("view %s: no action %q", v.Path, label)
	}
	t := infer.Thresholds{Enter: float32(score)}
	t.Exit = min(t.Enter, t.Enter*base.Exit/base.Enter) // rounding may put it above Enter where both are the same
	return v.Pipeline.Decider.SetThresholds(label, t)
}

// followSwitch begins or pauses the pipeline if the view was switched since the last frame, and reports whether the view is on. The
// frame will have number next in the ring.
func (v *View) followSwitch(next uint64) (on bool) {
	on = v.enabled.Load()
	if on != v.running {
		v.running = on
		if on {
			v.Pipeline.Begin(next)
		} else {
			v.Pipeline.Pause()
		}
	}
	if !on {
		v.Unwatched.Add(1)
	}
	return on
}
