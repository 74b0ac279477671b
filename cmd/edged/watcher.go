package main

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/config"
	"edged/models"
	"edged/ringbuffer"
)

// watcher is one camera's way from pictures to actions: sampler, decoder, ring, pipeline. The capture goroutine calls
// frame; the goroutine that called open runs the pipeline.
type watcher struct {
	name    string
	model   *models.Model
	sampler *capture.Sampler
	decoder *pixel.Decoder
	ring    *ringbuffer.Ring

	engine   *engine.Engine
	info     atomic.Pointer[engine.Info] // what runs, once the model is loaded
	pipeline infer.Pipeline

	enabled    atomic.Bool // frames are looked at
	idle       bool        // the capture loop has seen that they are not
	seed       maphash.Seed
	thresholds map[string]infer.Thresholds // of the configuration, by action
	snapshots  *snapshots                  // nil: none are made

	online    atomic.Bool
	reason    atomic.Pointer[error] // why it went offline last
	rates     atomic.Pointer[rates] // of the last report
	counters  capture.Counters
	offGrid   atomic.Uint64 // frames that no window wants: given back undecoded
	corrupt   atomic.Uint64 // frames that did not decode
	unwatched atomic.Uint64 // frames while the view was not enabled

	complained time.Duration // capture time of the last corrupt frame that was logged
}

// spareSlots lets the capture loop go on while the pipeline, after a slow Invoke, catches up with a whole window.
const spareSlots = 4

func newWatcher(cam config.Camera, m *models.Model, detect config.Detect) (*watcher, error) {
	f := m.Manifest
	decoder, err := pixel.NewDecoder(f.Width, f.Height)
	if err != nil {
		return nil, err
	}
	masks := polygons(cam.Masks)
	decoder.Mask(masks)
	rules := map[string]infer.Rule{}
	for label := range detect.Labels {
		rules[label] = rule(detect.For(label))
	}
	decider, err := infer.NewDecider(m.Labels, infer.DeciderOptions{
		Rule:       rule(detect),
		PerLabel:   rules,
		Background: f.Background,
		Smoothing:  detect.Smoothing,
		Interval:   time.Duration(float64(detect.Stride) / f.FrameRate * float64(time.Second)),
	})
	if err != nil {
		decoder.Close()
		return nil, err
	}
	w := &watcher{
		name:    cam.Name,
		model:   m,
		sampler: capture.NewSampler(f.FrameRate),
		decoder: decoder,
		ring:    ringbuffer.New(f.Frames+spareSlots, f.FrameBytes()),
	}
	w.pipeline.Ring, w.pipeline.Decider = w.ring, decider
	w.pipeline.Frames, w.pipeline.Stride = f.Frames, detect.Stride
	w.pipeline.OnEvent = func(infer.Event) {}
	w.enabled.Store(true)
	w.seed = maphash.MakeSeed()
	w.thresholds = map[string]infer.Thresholds{}
	for _, label := range m.Labels {
		if label != f.Background {
			w.thresholds[label] = rule(detect.For(label)).Thresholds
		}
	}
	if cam.Snapshots {
		w.snapshots = newSnapshots(masks)
	}
	return w, nil
}

func polygons(corners [][][]float64) [][]pixel.Point {
	out := make([][]pixel.Point, len(corners))
	for i, polygon := range corners {
		for _, p := range polygon {
			out[i] = append(out[i], pixel.Point{X: p[0], Y: p[1]})
		}
	}
	return out
}

func rule(d config.Detect) infer.Rule {
	return infer.Rule{
		Thresholds:  infer.Thresholds{Enter: float32(d.Enter), Exit: float32(d.Exit)},
		MinDuration: d.MinDuration, Cooldown: d.Cooldown, UpdateEvery: d.UpdateEvery,
	}
}

// open loads the model. The calling goroutine owns the engine from then on and must be the one that steps the pipeline.
func (w *watcher) open(o engine.Options) error {
	e, err := engine.New(w.model, o)
	if err != nil {
		return err
	}
	w.engine, w.pipeline.Engine = e, e
	return nil
}

// close frees what C allocated, after capture and pipeline have ended.
func (w *watcher) close() {
	if w.engine != nil {
		w.engine.Close()
	}
	w.decoder.Close()
}

// frame is the sink of the camera: it decodes a frame that lies on the sampling grid straight into the ring.
func (w *watcher) frame(f *capture.Frame) {
	if !w.watched() {
		return
	}
	w.snapshots.see(f)
	if f.Restart {
		w.sampler.Reset()
	}
	tick, take := w.sampler.Take(f.Time)
	if !take {
		w.offGrid.Add(1)
		return
	}
	if tick == 0 { // a new grid: a restart, or time went backwards
		w.ring.Reset()
	}
	slot := w.ring.Reserve()
	if slot == nil {
		return
	}
	if err := w.decoder.Decode(slot, f.Format, f.Data); err != nil {
		w.corrupt.Add(1)
		f.Verdict = capture.Bad
		w.complain(f, err)
		return
	}
	f.Verdict, f.Digest = capture.Good, w.digest(slot)
	w.ring.Commit(tick, f.Time)
}

// digest tells pictures apart, 0 where there is nothing in it: a camera in the dark may well send the same black for hours.
func (w *watcher) digest(rgb []byte) uint64 {
	low, high := byte(255), byte(0)
	for i := 0; i < len(rgb); i += 37 { // prime to a pixel's bytes and to a line's
		low, high = min(low, rgb[i]), max(high, rgb[i])
	}
	if high-low < minContrast {
		return 0
	}
	return maphash.Bytes(w.seed, rgb)
}

// minContrast is less than any picture with something in it has, between its darkest and its lightest value.
const minContrast = 24

// watched says whether frames are looked at. Where they are not, none stays in memory, and what is on ends.
func (w *watcher) watched() bool {
	if w.enabled.Load() {
		w.idle = false
		return true
	}
	if !w.idle {
		w.idle = true
		w.snapshots.cancel()
		w.sampler.Reset()
		w.ring.Reset()
	}
	w.unwatched.Add(1)
	return false
}

// complain logs a corrupt frame, but no more than one a minute.
func (w *watcher) complain(f *capture.Frame, err error) {
	if w.complained != 0 && f.Time-w.complained < time.Minute && f.Time >= w.complained {
		return
	}
	w.complained = f.Time
	slog.Warn("frame dropped", "camera", w.name, "sequence", f.Sequence, "bytes", len(f.Data), "error", err,
		"dropped_so_far", w.corrupt.Load())
}

// status is told of each change. With the camera gone the window is emptied at once, which ends what is on.
func (w *watcher) status(online bool, reason error) {
	w.online.Store(online)
	if !online {
		w.reason.Store(&reason)
		w.ring.Reset()
	}
}

// infer runs the pipeline on a goroutine of its own until ctx ends. Opened is called once the model is loaded.
func (w *watcher) infer(ctx context.Context, o engine.Options, opened func(engine.Info)) error {
	if err := w.open(o); err != nil {
		return misconfigured{err}
	}
	defer w.engine.Close()
	opened(w.engine.Info())
	if err := w.pipeline.Run(ctx); err != nil {
		return fmt.Errorf("camera %s: %w", w.name, err)
	}
	return nil
}

// loadModel reads the model file, or the starter where path is empty.
func loadModel(path string) (*models.Model, error) {
	open := models.Starter
	if path != "" {
		open = func() (*models.Model, error) { return models.Open(path) }
	}
	m, err := open()
	if err != nil {
		return nil, misconfigured{err}
	}
	return m, nil
}

// loadConfig reads the file, or gives the defaults where path is empty.
func loadConfig(path string) (*config.Config, error) {
	if path == "" {
		path = os.DevNull
	}
	c, err := config.Load(path)
	if err != nil {
		return nil, misconfigured{err}
	}
	if err := logLevel.UnmarshalText([]byte(c.Log.Level)); err != nil {
		return nil, misconfigured{errors.New("log.level: " + err.Error())}
	}
	return c, nil
}
