// Package teachtry teaches actions from video files and tries them on others: what `edged teach try` does.
package teachtry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"edged/capture"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/config"
	"edged/internal/watch"
	"edged/models"
	"edged/teach"
)

// recorder turns video files into windows with embeddings, by the pipeline of edged run.
type recorder struct {
	model  *models.Model
	engine engine.Options
	follow bool
}

// recording is what one file shows: the windows of the whole picture, or those of each target by itself.
type recording struct {
	path    string
	tracks  [][]teach.Window
	seconds float64
}

// windows returns those of all tracks.
func (r *recording) windows() (all []teach.Embedding) {
	for _, track := range r.tracks {
		for _, w := range track {
			all = append(all, w.Embedding)
		}
	}
	return all
}

// record plays one file. A file that shows no window is an error: it can neither teach nor test anything.
func (r *recorder) record(ctx context.Context, path string) (*recording, error) {
	cfg := config.Config{Detect: config.Default().Detect}
	gate := false
	cam := config.Camera{Name: "teach", MotionGate: &gate}
	if r.follow {
		cam.Follow = config.DefaultFollow
	}
	c, err := watch.New(watch.Options{Camera: cam, Views: watch.Views(&cfg, cam, r.model), Detect: cfg.Detect, Model: r.model})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	e, err := watch.OpenEngine(r.model, r.engine, c.Views)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return r.play(ctx, path, c)
}

func (r *recorder) play(ctx context.Context, path string, c *watch.Camera) (*recording, error) {
	out := &recording{path: path}
	tracks := map[uint64]int{}
	pipeline := &c.Views[0].Pipeline
	pipeline.Embedding = r.model.Manifest.Embedding.Size
	pipeline.OnEvent = func(infer.Event) {}
	pipeline.OnWindow = func(w *infer.Window) {
		i, ok := tracks[w.Track]
		if !ok {
			i = len(out.tracks)
			tracks[w.Track], out.tracks = i, append(out.tracks, nil)
		}
		out.tracks[i] = append(out.tracks[i], teach.Window{Time: w.Time, Embedding: slices.Clone(w.Embedding)})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done watch.Outcome
	var first, last time.Duration
	file := capture.File{Path: path, Counters: &c.Counters, Log: slog.Default()}
	file.Width, file.Height = c.LeastSize()
	err := file.Run(ctx, func(f *capture.Frame) capture.Finding {
		found := c.Frame(f)
		done.Note(f, found)
		if last == 0 {
			first = f.Time
		}
		last = max(last, f.Time)
		if err := pipeline.Step(); err != nil {
			cancel(err)
		}
		return found
	})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	pipeline.Finish()
	if err == io.EOF { //nolint:errorlint // a damaged file ends with an error that is io.EOF, too
		err = nil
	}
	if err == nil && len(out.tracks) == 0 && !r.follow {
		err = errors.New("no window: the file is too short, or nothing in it can be decoded")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	out.seconds = (last - first).Seconds()
	return out, nil
}

// files returns the files below the paths, in order. A folder without any is an error.
func files(paths []string) (all []string, err error) {
	for _, path := range paths {
		n := len(all)
		err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				all = append(all, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(all) == n {
			return nil, fmt.Errorf("%s: no files in it", path)
		}
	}
	return all, nil
}
