// Package node runs a node: it opens the cameras, runs the model on every view, and hands what it recognises to the sinks.
//
//	New      builds everything and starts nothing
//	Run      runs it until the context ends
//	Lives    runs one node after another, a new one for each reload
//
// The node knows neither the command line nor HTTP. Its methods may be called from any goroutine while it runs.
package node

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"edged/capture"
	"edged/infer/engine"
	"edged/infer/weightcache"
	"edged/internal/background"
	"edged/internal/config"
	"edged/internal/lograte"
	"edged/internal/pictures"
	"edged/internal/sink"
	"edged/internal/wakeups"
	"edged/internal/watch"
	"edged/publish"
	"edged/record"
)

// Node is a node that New has built.
type Node struct {
	Inputs
	Cameras   []*watch.Camera
	Views     []*watch.View     // of all cameras
	Engines   []*Engine         // of all models, that of the first camera first
	Sources   []*capture.Camera // Sources[i] feeds Cameras[i]
	Publisher *publish.Publisher
	Timeline  *record.Timeline
	Recorder  *record.Recorder          // nil: recording is off
	Live      map[string]*pictures.Live // the cameras' live pictures, by camera

	feeds     []*pictures.Feed
	sinks     sink.List             // the publisher and Inputs.Sinks
	topics    []*publish.ViewTopics // of each view
	switches  sync.Mutex
	telling   sync.Mutex  // held while what a view was taught is published
	current   []sink.View // the settings of each view; guarded by switches
	commanded time.Duration
	disobeyed lograte.Limit // of log lines about commands that failed
	began     time.Duration
	health    atomic.Pointer[error] // which stage hangs, as of the last check
}

// Run runs the node until ctx ends, then it returns nil, or until something fails that retrying cannot mend. It starts the publisher
// first and stops it last, so that the last events and "offline" still reach the broker.
func (n *Node) Run(ctx context.Context) error {
	defer n.Close()
	wakeups.Reduce(len(n.Cameras), len(n.Engines))
	n.openState()
	defer n.State.Settings.OnLoaded(n.applySettings)()
	defer background.Start(n.Publisher.Run)()
	defer n.runRecording()()
	stages, stagesCtx := errgroup.WithContext(ctx)
	n.runModels(stagesCtx, stages)
	for i, v := range n.Views {
		stages.Go(func() error {
			return v.RunSnapshots(stagesCtx, n.topics[i].SetSnapshot)
		})
	}
	stages.Go(func() error { return n.followTeaching(stagesCtx) })
	stages.Go(func() error { return n.publishStatistics(stagesCtx) })
	stages.Go(func() error { return n.watchdog(stagesCtx) })
	return stages.Wait()
}

func (n *Node) runCameras(ctx context.Context, stages *errgroup.Group) {
	for _, c := range n.Sources {
		stages.Go(func() error { return unlessDone(ctx, c.Run(ctx)) })
	}
}

// runModels loads the models one after the other, opens the cameras, and runs each model on a goroutine of its own until ctx ends.
func (n *Node) runModels(ctx context.Context, stages *errgroup.Group) {
	var loading sync.Mutex
	for _, e := range n.Engines {
		stages.Go(func() error {
			return n.runModel(ctx, e, &loading, func() {
				n.runCameras(ctx, stages)
				n.ready()
			})
		})
	}
}

// runModel loads the engine's model and runs it for its views until ctx ends. It calls opened if it is the last that was loaded.
func (n *Node) runModel(ctx context.Context, e *Engine, loading *sync.Mutex, opened func()) error {
	o := EngineOptions(n.Config.Model)
	o.WeightCache = weightcache.For(stateDir(n.Config), e.Model, o).File() // TryModels has checked it
	loading.Lock()
	running, err := watch.OpenEngine(e.Model, o, e.Views)
	if err != nil {
		loading.Unlock()
		return err
	}
	defer running.Close()
	info := running.Info()
	e.info.Store(&info)
	if n.loaded() {
		opened()
	}
	loading.Unlock()
	return watch.Loop(running, e.Views).Run(ctx)
}

func (n *Node) ready() {
	if n.OnReady != nil {
		n.OnReady(n)
	}
	for _, e := range n.Engines {
		for _, f := range e.Info().Fallbacks {
			slog.Warn("delegate not used", "model", e.Model.Path, "delegate", f.Delegate, "reason", f.Reason, "in_its_place", e.Info().Delegate)
		}
	}
	NotifyReady(n.summary())
}

// Settings returns the settings of every view now, by path.
func (n *Node) Settings() map[string]sink.View {
	n.switches.Lock()
	defer n.switches.Unlock()
	all := map[string]sink.View{}
	for _, v := range n.current {
		v.Thresholds = maps.Clone(v.Thresholds)
		all[v.Path] = v
	}
	return all
}

// ViewsOf returns a camera's views as they are configured, with all defaults.
func (n *Node) ViewsOf(cam config.Camera) []config.View {
	return watch.Views(n.Config, cam, n.modelOf(cam))
}

// Tap gives tap the frames of a camera until remove is called.
func (n *Node) Tap(camera string, tap sink.Tap) (remove func(), err error) {
	for _, c := range n.Cameras {
		if c.Name == camera {
			return c.Taps.Add(tap), nil
		}
	}
	return nil, fmt.Errorf("no camera %q", camera)
}

// EngineOptions are the configuration's options for the engine.
func EngineOptions(m config.Model) engine.Options {
	return engine.Options{Delegate: m.Delegate, Plugin: m.DelegateOptions, Threads: m.Threads, Strict: m.Strict}
}

// unlessDone drops the error of something that ended because ctx did.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}
