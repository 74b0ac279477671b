package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"edged/capture"
	"edged/capture/picture"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/background"
	"edged/internal/clock"
	"edged/internal/config"
	"edged/internal/settings"
	"edged/models"
	"edged/publish"
)

// daemon is edged run: it owns every stage and hands on what they produce.
type daemon struct {
	cfg       *config.Config
	model     *models.Model
	watchers  []*watcher
	views     []*view           // of all watchers
	cameras   []*capture.Camera // of the watcher with the same index
	publisher *publish.Publisher
	console   *console
	settings  *settings.Store
	began     time.Duration
	logged    time.Duration               // when a command was logged last
	info      atomic.Pointer[engine.Info] // what runs, once the model is loaded
	health    atomic.Pointer[error]       // what hangs, by the last look
	builtIn   *builtIn                    // the process's
}

func newDaemon(cfg *config.Config, model *models.Model, out output) (*daemon, error) {
	d := &daemon{cfg: cfg, model: model, builtIn: new(builtIn), console: newConsole(out), began: clock.Monotonic()}
	d.publisher = &publish.Publisher{
		Broker:         cfg.MQTT.Broker,
		Brokers:        cfg.MQTT.Brokers,
		Username:       cfg.MQTT.Username,
		Password:       cfg.MQTT.Password(),
		Node:           cfg.Node,
		Model:          publish.Model{Name: model.Manifest.Name, SHA256: model.SHA256},
		PublishScores:  cfg.MQTT.Scores,
		ScoresInterval: cfg.MQTT.ScoresEvery,
		QueueLength:    cfg.MQTT.OutboxEvents,
		QueueBytes:     cfg.MQTT.OutboxBytes,
		QueueAge:       cfg.MQTT.OutboxAge,
		OnCommand:      d.obey,
		Discovery:      publish.Discovery{Prefix: cfg.MQTT.Discovery, Version: version, Board: board()},
	}
	if cfg.MQTT.Broker == config.Embedded {
		d.publisher.Broker = "tcp://" + cfg.MQTT.Listen
	}
	secure, err := tlsConfig(cfg.MQTT)
	if err != nil {
		return nil, misconfigured{err}
	}
	d.publisher.TLS = secure
	for _, cam := range cfg.Cameras {
		w, err := newWatcher(cam, viewsOf(cfg, cam, model), model, cfg.Detect)
		if err != nil {
			d.close()
			return nil, misconfigured{err}
		}
		d.watchers = append(d.watchers, w)
		camera, err := d.newCamera(cam, w)
		if err != nil {
			d.close()
			return nil, misconfigured{fmt.Errorf("cameras: %s: %w", cam.Name, err)}
		}
		d.cameras = append(d.cameras, camera)
		d.views = append(d.views, w.views...)
		told := publish.Camera{
			Name: cam.Name, Labels: model.Labels, Background: model.Manifest.Background, Snapshots: cam.Snapshots,
			Entities: entities(model.Labels, cfg.Detect),
		}
		for _, v := range cam.Views {
			told.Views = append(told.Views, v.Name)
		}
		d.publisher.Cameras = append(d.publisher.Cameras, told)
	}
	for i, v := range d.views {
		d.connect(v, uint64(i))
	}
	d.publisher.Discovery.Sensors = sensors(d.publisher.Cameras)
	if err := d.publisher.Initialize(); err != nil {
		d.close()
		return nil, misconfigured{err}
	}
	return d, nil
}

func (d *daemon) close() {
	for _, w := range d.watchers {
		w.close()
	}
}

// newCamera makes the source that feeds the watcher. A file is played in a loop, in real time, as if it were a camera.
func (d *daemon) newCamera(cam config.Camera, w *watcher) (*capture.Camera, error) {
	spec, err := capture.ParseSpec(cam.Source)
	if err != nil {
		return nil, err
	}
	log := slog.Default().With("camera", cam.Name)
	if spec.Kind == capture.KindV4L2 && cam.Width == 0 {
		cam.Width, cam.Height = leastSize(cam, viewsOf(d.cfg, cam, d.model), d.model.Manifest)
	}
	format, _ := picture.Named(cam.Format) // 0 where the configuration names none
	source, err := capture.NewSource(spec, capture.Options{
		FourCC: format, Width: cam.Width, Height: cam.Height, FrameRate: float64(cam.FPS),
		StallAfter: cam.StallAfter, RealTime: true, Loop: true, Counters: &w.counters, Log: log,
	})
	if err != nil {
		return nil, err
	}
	onStatus := func(online bool, reason error) {
		w.status(online, reason)
		d.publisher.CameraStatus(w.name, online)
		d.console.status(w.name, online, reason)
	}
	frozenAfter := cam.FrozenAfter
	if spec.Kind == capture.KindFile { // nothing hangs that a file shows twice
		frozenAfter = 0
	}
	return &capture.Camera{
		Source: source, Sink: w.frame, OnStatus: onStatus, Counters: &w.counters, Log: log,
		BadAfter: cam.StallAfter, FrozenAfter: frozenAfter,
	}, nil
}

// leastSize is the picture in which each view has twice the model's pixels, either way: less would show the sensor's noise and
// what the camera skips when it makes a small picture. A snapshot is for people. More than 1280x720 is for the user to ask for.
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

var phases = map[infer.Phase]publish.Phase{infer.Start: publish.Start, infer.Update: publish.Update, infer.End: publish.End}

// connect hands what a view sees to the publisher and the console. None of these calls waits for anything.
func (d *daemon) connect(v *view, index uint64) {
	v.pipeline.OnEvent = func(e infer.Event) {
		out := publish.Event{
			ID: (e.ID-1)*uint64(len(d.views)) + index + 1, Source: v.path, Label: e.Label, Phase: phases[e.Phase],
			Score: e.Score, Peak: e.Peak, Start: e.Start, End: e.End, Newest: e.Newest,
		}
		d.publisher.Event(out)
		d.publisher.State(v.path, e.Label, e.Phase != infer.End)
		if e.Phase == infer.Start {
			v.snapshots.request()
		}
		d.console.event(v.path, e)
	}
	if v.snapshots != nil {
		v.snapshots.publish = func(jpeg []byte) { d.publisher.Snapshot(v.path, jpeg) }
	}
	v.pipeline.OnWindow = func(win *infer.Window) {
		d.publisher.Scores(v.path, win.N, win.Time, win.Scores)
	}
}

// run starts the stages from the publisher up and stops them the other way round, so that the last events and "offline" still
// find it.
func (d *daemon) run(ctx context.Context) error {
	d.openState()
	defer background.Start(func(ctx context.Context) { d.settings.Keep(ctx, slog.Default()) })()
	defer d.console.lines.start()()
	defer background.Start(d.publisher.Run)()
	defer d.startWeb()()
	return d.watch(ctx)
}

// watch runs the cameras and their pipelines until ctx ends or one of them fails for good.
func (d *daemon) watch(ctx context.Context) error {
	stages, stagesCtx := errgroup.WithContext(ctx)
	stages.Go(func() error {
		return d.infer(stagesCtx, func() {
			for _, c := range d.cameras {
				stages.Go(func() error { return unlessDone(stagesCtx, c.Run(stagesCtx)) })
			}
		})
	})
	for _, v := range d.views {
		if v.snapshots != nil {
			stages.Go(func() error { return v.snapshots.run(stagesCtx, v.path) })
		}
	}
	stages.Go(func() error { return d.statistics(stagesCtx) })
	stages.Go(func() error { return d.watchdog(stagesCtx) })
	return stages.Wait()
}

// infer runs the model for all views until ctx ends. Opened is called once it is loaded.
func (d *daemon) infer(ctx context.Context, opened func()) error {
	e, err := openEngine(d.model, engineOptions(d.cfg.Model), d.views)
	if err != nil {
		return err
	}
	defer e.Close()
	info := e.Info()
	d.info.Store(&info)
	opened()
	d.ready(info)
	return d.loop(e).Run(ctx)
}

func (d *daemon) loop(e *engine.Engine) *infer.Loop {
	loop := &infer.Loop{Cancel: e.Cancel}
	for _, v := range d.views {
		loop.Pipelines = append(loop.Pipelines, &v.pipeline)
	}
	return loop
}

func engineOptions(m config.Model) engine.Options {
	return engine.Options{Delegate: m.Delegate, Plugin: m.DelegateOptions, Threads: m.Threads, Strict: m.Strict}
}

// unlessDone drops the error of something that ended because ctx did.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// ready says that the model is loaded and every camera is being opened.
func (d *daemon) ready(info engine.Info) {
	d.console.banner(d.cfg, d.model, info, d.describeBroker())
	for _, f := range info.Fallbacks {
		slog.Warn("delegate not used", "delegate", f.Delegate, "reason", f.Reason, "in_its_place", info.Delegate)
	}
	notify(systemd.SdNotifyReady + "\nSTATUS=" + d.summary())
}
