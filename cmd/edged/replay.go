package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"edged/capture"
	"edged/infer"
	"edged/internal/bounds"
	"edged/internal/config"
	"edged/internal/node"
	"edged/internal/watch"
	"edged/models"
	"edged/publish"
)

type replayCmd struct {
	Model string `type:"model" help:"Model file, or people, people-half or motions, which edged brings; without one, people."`
	engineFlags
	Stride     int     `default:"0" help:"Sampled frames from one window to the next; 0 is the default of the configuration."`
	FrameRate  float64 `default:"0" help:"Frames a second of a file without times: a stream of JPEGs, raw H.264. By default 30 for JPEGs and 25 for the rest."`
	Windows    bool    `help:"Also print a line with all scores for every window."`
	MotionGate bool    `help:"Run the model only where something moves, and report on standard error what that saved."`
	Follow     bool    `help:"Follow what moves: the model judges each target by itself, and events say where (track, box)."`
	Rules      string  `type:"path" placeholder:"FILE" help:"Configuration file whose rules hold; without one, edged's own rules."`
	Source     string  `arg:"" help:"Video file: JPEGs, Y4M, or anything that an installed ffmpeg reads."`
}

// Validate is called by kong.
func (r *replayCmd) Validate() error {
	if r.Stride < 0 || r.Stride > bounds.MaxStride {
		return fmt.Errorf("--stride %d: must be 1 to %d, or 0 for the default", r.Stride, bounds.MaxStride)
	}
	if r.FrameRate != 0 {
		if err := bounds.CheckFrameRate(r.FrameRate); err != nil {
			return fmt.Errorf("--frame-rate %g: %w", r.FrameRate, err)
		}
	}
	return r.engineFlags.Validate()
}

// Run plays the file through the pipeline of edged run. Everything runs on one goroutine, so the same file always gives the same
// bytes.
func (r *replayCmd) Run(ctx context.Context, out output) error {
	model, err := node.OpenModel(r.Model)
	if err != nil {
		return err
	}
	detect := config.Default().Detect
	if r.Stride != 0 {
		detect.Stride = r.Stride
	}
	cfg := config.Config{Detect: detect}
	if cfg.Rules, err = r.rules(model); err != nil {
		return err
	}
	cam := config.Camera{Name: "replay", MotionGate: &r.MotionGate}
	if r.Follow {
		cam.Follow = config.DefaultFollow
	}
	c, err := watch.New(watch.Options{
		Camera: cam, Views: watch.Views(&cfg, cam, model), Detect: detect, Rules: cfg.RulesFor(watch.Actions(model)), Model: model,
	})
	if err != nil {
		return node.ConfigError{Err: err}
	}
	defer c.Close()
	e, err := watch.OpenEngine(model, r.options(), c.Views)
	if err != nil {
		return node.ConfigError{Err: err}
	}
	defer e.Close()
	lines := &lineWriter{w: bufio.NewWriter(out), labels: model.Labels}
	return errors.Join(r.play(ctx, c, model, lines), lines.w.Flush())
}

// rules are actions that follow from others.
func (r *replayCmd) rules(m *models.Model) (map[string]config.Rule, error) {
	if r.Rules == "" {
		return config.Default().Rules, nil
	}
	cfg, err := readConfig(r.Rules, config.LoadPublic)
	if err != nil {
		return nil, err
	}
	return cfg.Rules, node.CheckRules(cfg, m)
}

// play takes the file's frames through the camera's only view. It returns why the result is empty or incomplete.
func (r *replayCmd) play(ctx context.Context, c *watch.Camera, m *models.Model, lines *lineWriter) error {
	path, err := capture.ParseFile(r.Source)
	if err != nil {
		return node.ConfigError{Err: err}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done watch.Outcome
	pipeline := &c.Views[0].Pipeline
	pipeline.OnEvent = func(e infer.Event) {
		if e.Phase == infer.Start {
			done.Actions++
		}
		lines.event(e)
	}
	if r.Windows {
		pipeline.OnWindow = lines.window
	}
	file := capture.File{Path: path, FrameRate: r.FrameRate, Counters: &c.Counters, Log: slog.Default()}
	file.Width, file.Height = c.LeastSize()
	err = file.Run(ctx, func(f *capture.Frame) capture.Finding {
		found := c.Frame(f)
		done.Note(f, found)
		if err := pipeline.Step(); err != nil {
			cancel(err)
		}
		return found
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	pipeline.Finish() // also where the file is cut off: what came before is valid
	done.Tell(path, &pipeline.Stats)
	if r.MotionGate {
		slog.Info("motion gate", "windows_run", pipeline.Stats.Windows.Load(), "windows_saved", pipeline.Stats.Gated.Load())
	}
	if err == io.EOF { //nolint:errorlint // a damaged file ends with an error that is io.EOF, too
		err = nil
	}
	return errors.Join(err, done.Problem(path, m.Manifest, &pipeline.Stats))
}

// lineWriter writes events and windows as JSON lines. Times are seconds in the file. Its writer keeps the first error.
type lineWriter struct {
	w      *bufio.Writer
	labels []string
	line   []byte
}

func (l *lineWriter) event(e infer.Event) {
	b := l.line[:0]
	b = append(b, `{"event_type":`...)
	b = appendText(b, e.Label)
	b = append(b, `,"phase":"`...)
	b = append(b, e.Phase...)
	b = append(b, `","id":`...)
	b = strconv.AppendUint(b, e.ID, 10)
	b = append(b, `,"score":`...)
	b = publish.AppendScore(b, e.Score)
	b = append(b, `,"peak_score":`...)
	b = publish.AppendScore(b, e.Peak)
	b = append(b, `,"start":`...)
	b = appendSeconds(b, e.Start)
	b = append(b, `,"end":`...)
	if e.Phase == infer.End {
		b = appendSeconds(b, e.End)
	} else {
		b = append(b, "null"...)
	}
	if e.Track != 0 {
		b = append(b, `,"track":`...)
		b = strconv.AppendUint(b, e.Track, 10)
		b = publish.AppendBox(append(b, `,"box":`...), e.Box)
	}
	l.write(append(b, "}\n"...))
}

func (l *lineWriter) window(w *infer.Window) {
	b := l.line[:0]
	b = append(b, `{"window":`...)
	b = strconv.AppendUint(b, w.N, 10)
	b = append(b, `,"time":`...)
	b = appendSeconds(b, w.Time)
	b = append(b, `,"scores":{`...)
	for i, score := range w.Scores {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, l.labels[i])
		b = append(b, ':')
		b = publish.AppendScore(b, score)
	}
	b = append(b, '}')
	if w.Track != 0 {
		b = append(b, `,"track":`...)
		b = strconv.AppendUint(b, w.Track, 10)
		b = publish.AppendBox(append(b, `,"box":`...), w.Box)
	}
	l.write(append(b, "}\n"...))
}

func (l *lineWriter) write(b []byte) {
	l.line = b
	_, _ = l.w.Write(b) // Flush reports the error
}

func appendText(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string always encodes
	return append(b, quoted...)
}

func appendSeconds(b []byte, t time.Duration) []byte {
	return strconv.AppendFloat(b, t.Seconds(), 'f', 3, 64)
}
