package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"edged/capture"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/background"
	"edged/internal/clock"
	"edged/internal/config"
	"edged/internal/self"
)

type benchCmd struct {
	Model   string  `type:"existingfile" placeholder:"FILE" help:"Model file; the starter where it is not given."`
	Source  string  `type:"existingfile" placeholder:"FILE" help:"Video file, played at its own pace; a moving pattern as 640x480 MJPEG where it is not given."`
	Seconds float64 `default:"10" help:"How long to watch, from the first window on; 1 to 120."`
	engineFlags
	Broker string `placeholder:"URL" help:"Also publish every window's scores to this broker, tcp://HOST:PORT, as edged run would."`
	JSON   bool   `help:"As JSON."`
}

// Validate is called by kong. The pattern takes 1.5 MB of the temporary folder a second.
func (b *benchCmd) Validate() error {
	if !(b.Seconds >= 1 && b.Seconds <= 120) { // NaN is neither
		return fmt.Errorf("--seconds %g: must be 1 to 120", b.Seconds)
	}
	return b.engineFlags.Validate()
}

// Run measures edged run's own stages: the video at a camera's pace, a window for each sampled frame, between two
// measurements of the bare Invoke; then the same stages as fast as they go.
func (b *benchCmd) Run(ctx context.Context, out output) error {
	source := b.Source
	if source == "" {
		path, err := patternFile(b.length() + patternMargin)
		if err != nil {
			return fmt.Errorf("bench: make a video to measure with: %w", err)
		}
		defer os.Remove(path)
		source = path
	}
	d, err := b.daemon(source)
	if err != nil {
		return err
	}
	defer d.close()
	e, err := openEngine(d.model, b.options(), d.views)
	if err != nil {
		return misconfigured{err}
	}
	defer e.Close()
	report, err := b.measure(ctx, d, e, source)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if b.JSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(report)
	}
	_, err = fmt.Fprint(out, report)
	return err
}

func (b *benchCmd) length() time.Duration { return time.Duration(b.Seconds * float64(time.Second)) }

// patternMargin is for the first window to fill, and for a slow start: where a video begins anew the window is emptied,
// and time passes without windows.
const patternMargin = 10 * time.Second

// daemon is edged run's: stages and wiring are what is measured, so they are the same.
func (b *benchCmd) daemon(source string) (*daemon, error) {
	cfg := config.Default()
	cfg.Node = "bench"
	cfg.Cameras[0].Source = capture.Spec{Kind: capture.KindFile, Path: source}.String()
	cfg.Model.Delegate, cfg.Model.Threads = b.Delegate, b.Threads
	cfg.Detect.Stride = 1
	if b.Broker != "" {
		cfg.MQTT.Broker, cfg.MQTT.Scores, cfg.MQTT.ScoresEvery = b.Broker, true, 0
	}
	if err := cfg.Validate("command line"); err != nil {
		return nil, misconfigured{err}
	}
	model, err := loadModel(b.Model)
	if err != nil {
		return nil, err
	}
	return newDaemon(cfg, model, output{io.Discard})
}

func (b *benchCmd) measure(ctx context.Context, d *daemon, e *engine.Engine, source string) (*benchReport, error) {
	before, err := bareInvoke(e)
	if err != nil {
		return nil, err
	}
	m := &meter{w: d.watchers[0], pipeline: &d.views[0].pipeline, length: b.length()}
	if err := b.watch(ctx, d, d.loop(e), m); err != nil {
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
	flat, err := flatOut(ctx, m.w, m.pipeline, source)
	if err != nil {
		return nil, err
	}
	report := newReport(m, e.Info(), flat)
	report.Source = b.Source
	report.setCPU((before+after)/2, m)
	report.PeakRSSBytes = peak
	return report, nil
}

// errMeasured ends the watching once the meter has seen enough.
var errMeasured = errors.New("measured")

// watch runs camera, pipeline and, where there is a broker, publisher, as edged run does.
func (b *benchCmd) watch(ctx context.Context, d *daemon, loop *infer.Loop, m *meter) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if b.Broker != "" {
		defer background.Start(d.publisher.Run)()
	}
	m.attach(d.cameras[0], func() { stop(errMeasured) }, stop)
	camera := make(chan struct{})
	go func() {
		defer close(camera)
		_ = d.cameras[0].Run(ctx) // ends with ctx alone: the file is played in a loop
	}()
	err := loop.Run(ctx)
	stop(err)
	<-camera
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, errMeasured) {
		err = cause
	}
	if err == nil && b.Broker != "" && d.publisher.Counters().ScoresSent == 0 {
		err = fmt.Errorf("broker %s: not reached; nothing was published", b.Broker)
	}
	return err
}

// Flat out, that many windows are enough: the video does not begin anew. A large model stops earlier.
const (
	flatOutWindows = 60
	flatOutFewest  = 5
	flatOutTime    = 3 * time.Second
)

// flat is what running flat out has shown.
type flat struct {
	began, ended     time.Duration
	allocs           uint64 // of the process, which does nothing else
	frames, windows  uint64
	framesAtTheStart uint64
}

// flatOut replays the video and measures from the first window on.
func flatOut(ctx context.Context, w *watcher, pipeline *infer.Pipeline, source string) (*flat, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var f flat
	pipeline.OnWindow = func(*infer.Window) { f.windows++ }
	pipeline.OnEvent = func(infer.Event) {} // not printed: a line of text allocates
	frames := uint64(0)
	file := capture.File{Path: source, Loop: true}
	err := file.Run(ctx, func(frame *capture.Frame) capture.Finding {
		found := w.frame(frame)
		if err := pipeline.Step(); err != nil {
			stop(err)
		}
		frames++
		switch {
		case f.windows == 0 || f.ended != 0:
		case f.began == 0:
			f.windows, f.framesAtTheStart = 1, frames
			f.allocs = allocations()
			f.began = clock.Monotonic()
		case f.windows > flatOutWindows, f.windows > flatOutFewest && clock.Monotonic()-f.began > flatOutTime:
			f.ended = clock.Monotonic()
			f.allocs = allocations() - f.allocs
			f.frames, f.windows = frames-f.framesAtTheStart, f.windows-1
			stop(errMeasured)
		}
		return found
	})
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if !errors.Is(err, errMeasured) {
		return nil, err
	}
	return &f, nil
}
