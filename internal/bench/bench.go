// Package bench measures what edged adds to the model's own time: the stages of a node on a video at a camera's pace, a window for each
// sampled frame, between two measurements of the bare Invoke; then the same stages as fast as they go; then what no stage's own clock shows.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"edged/capture"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/background"
	"edged/internal/config"
	"edged/internal/node"
	"edged/internal/self"
	"edged/internal/sink"
	"edged/internal/watch"
)

// Bench is one measurement. It needs a process that does nothing else.
type Bench struct {
	Version string
	Model   string        // file; "": people
	Source  string        // video file; "": a moving pattern
	Length  time.Duration // of the part at a camera's pace, from the first window on
	Engine  engine.Options
	Broker  string // URL; "": nothing is published
}

// patternMargin is for the first window to fill and for a slow start: where a video starts over, the window is emptied, and time passes
// without windows.
const patternMargin = 10 * time.Second

// Run measures. A node.ConfigError means that the inputs are wrong.
func (b *Bench) Run(ctx context.Context) (*Report, error) {
	source := b.Source
	if source == "" {
		path, err := patternFile(b.Length + patternMargin)
		if err != nil {
			return nil, fmt.Errorf("bench: make a video to measure with: %w", err)
		}
		defer os.Remove(path)
		source = path
	}
	report, err := b.run(ctx, source)
	if err != nil || b.Broker == "" {
		return report, err
	}
	without := *b
	without.Broker = ""
	unpublished, err := without.run(ctx, source)
	if err != nil {
		return nil, err
	}
	report.PublishUS = report.CPUPerWindowUS - unpublished.CPUPerWindowUS
	return report, nil
}

func (b *Bench) run(ctx context.Context, source string) (*Report, error) {
	m := &meter{length: b.Length}
	n, err := b.build(source, m)
	if err != nil {
		return nil, err
	}
	defer n.Close()
	e, err := watch.OpenEngine(n.Model, b.Engine, n.Views)
	if err != nil {
		return nil, node.ConfigError{Err: err}
	}
	defer e.Close()
	report, err := b.measure(ctx, n, e, m, source)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	return report, nil
}

// build returns a node like that of edged run: its stages and its wiring are what bench measures. The meter is one of its sinks.
func (b *Bench) build(source string, m *meter) (*node.Node, error) {
	cfg := config.Default()
	cfg.Node = "bench"
	cfg.Cameras[0].Source = capture.Spec{Kind: capture.KindFile, Path: source}.String()
	cfg.Model.Delegate, cfg.Model.Threads = b.Engine.Delegate, b.Engine.Threads
	cfg.Detect.Stride = 1
	if b.Broker != "" {
		cfg.MQTT.Broker, cfg.MQTT.Scores, cfg.MQTT.ScoresEvery = b.Broker, true, 0
		cfg.MQTT.Discovery = "" // Home Assistant would keep a device of every measurement
	}
	if err := cfg.Validate("command line"); err != nil {
		return nil, node.ConfigError{Err: err}
	}
	model, err := node.OpenModel(b.Model)
	if err != nil {
		return nil, err
	}
	n, err := node.New(node.Inputs{
		Config: cfg, Model: model, Version: b.Version, Sinks: []sink.Sink{m}, OnDecoded: m.decoded,
	})
	if err != nil {
		return nil, err
	}
	m.camera, m.pipeline = n.Cameras[0], &n.Views[0].Pipeline
	return n, nil
}

func (b *Bench) measure(ctx context.Context, n *node.Node, e *engine.Engine, m *meter, source string) (*Report, error) {
	before, err := bareInvoke(e)
	if err != nil {
		return nil, err
	}
	stopIfNothing(n, m, source)
	if err := b.watch(ctx, n, watch.Loop(e, n.Views), m); err != nil {
		return nil, err
	}
	peak, err := self.Memory("VmHWM")
	if err != nil {
		return nil, err
	}
	after, err := bareInvoke(e)
	if err != nil {
		return nil, err
	}
	f, err := measureFlatOut(ctx, n, e, source)
	if err != nil {
		return nil, err
	}
	p, err := measureParts(ctx, source, m.pipeline.Decider, len(n.Model.Labels))
	if err != nil {
		return nil, err
	}
	report := newReport(n, m, e.Info(), f)
	report.setParts(p)
	report.Source = b.Source
	report.setCPU((before+after)/2, m)
	report.PeakRSSBytes = peak
	return report, nil
}

// stopIfNothing makes the measurement end with an error if the video has no window, and bench would wait for one for ever.
func stopIfNothing(n *node.Node, m *meter, source string) {
	var seen watch.Outcome
	passes := 0
	sink := n.Sources[0].Sink
	n.Sources[0].Sink = func(f *capture.Frame) capture.Finding {
		if f.Restart {
			passes++
		}
		if stats := &m.pipeline.Stats; passes > 2 && stats.Windows.Load()+stats.Gated.Load() == 0 { // a slow machine may be busy with the first pass's window
			if err := seen.Problem(source, n.Model.Manifest, stats); err != nil {
				m.stop(err)
			}
		}
		found := sink(f)
		if passes == 1 {
			seen.Note(f, found)
		}
		return found
	}
}

// errMeasured ends the measurement once the meter has seen enough.
var errMeasured = errors.New("measured")

// watch runs camera, pipeline and, if there is a broker, publisher, as a node does.
func (b *Bench) watch(ctx context.Context, n *node.Node, loop *infer.Loop, m *meter) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if b.Broker != "" {
		defer background.Start(n.Publisher.Run)()
	}
	m.stop = stop
	camera := make(chan struct{})
	go func() {
		defer close(camera)
		_ = n.Sources[0].Run(ctx) // ends only with ctx: the file plays in a loop
	}()
	err := loop.Run(ctx)
	stop(err)
	<-camera
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, errMeasured) {
		err = cause
	}
	if err == nil && b.Broker != "" && n.Publisher.Counters().ScoresSent == 0 {
		err = fmt.Errorf("broker %s: not reached; nothing was published", b.Broker)
	}
	return err
}
