// Package teachtry teaches actions from video files and tries them on others: what `edged teach try` does.
package teachtry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
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

// Recorder turns video files into windows with embeddings, by the pipeline of edged run.
type Recorder struct {
	Model   *models.Model
	Engine  engine.Options
	Follow  bool              // judge each moving target by itself
	Prepare func(*watch.View) // may change the view's pipeline before a file is played; may be nil
}

// Recording is what one file shows.
type Recording struct {
	Path    string
	Tracks  [][]teach.Window // one of the whole picture, or one of each target
	Seconds float64
}

// windows returns those of all tracks.
func (r *Recording) windows() (all []teach.Embedding) {
	for _, track := range r.Tracks {
		for _, w := range track {
			all = append(all, w.Embedding)
		}
	}
	return all
}

// Record plays one file. A file that shows no window is an error: it can neither teach nor test anything.
func (r *Recorder) Record(ctx context.Context, path string) (*Recording, error) {
	cfg := config.Config{Detect: config.Default().Detect}
	gate := false
	cam := config.Camera{Name: "teach", MotionGate: &gate}
	if r.Follow {
		cam.Follow = config.DefaultFollow
	}
	c, err := watch.New(watch.Options{Camera: cam, Views: watch.Views(&cfg, cam, r.Model), Detect: cfg.Detect, Model: r.Model})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	e, err := watch.OpenEngine(r.Model, r.Engine, c.Views)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return r.play(ctx, path, c)
}

func (r *Recorder) play(ctx context.Context, path string, c *watch.Camera) (*Recording, error) {
	out := &Recording{Path: path}
	tracks := map[uint64]int{}
	pipeline := &c.Views[0].Pipeline
	pipeline.Embedding = r.Model.Manifest.Embedding.Size
	pipeline.OnEvent = func(infer.Event) {}
	pipeline.OnWindow = func(w *infer.Window) {
		i, ok := tracks[w.Track]
		if !ok {
			i = len(out.Tracks)
			tracks[w.Track], out.Tracks = i, append(out.Tracks, nil)
		}
		out.Tracks[i] = append(out.Tracks[i], teach.Window{Time: w.Time, Embedding: slices.Clone(w.Embedding)})
	}
	if r.Prepare != nil {
		r.Prepare(c.Views[0])
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
	if err == nil && len(out.Tracks) == 0 && !r.Follow {
		err = errors.New("no window: the file is too short, or nothing in it can be decoded")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i, track := range out.Tracks {
		out.Tracks[i] = teach.Join(track)
	}
	out.Seconds = (last - first).Seconds()
	return out, nil
}

// files returns the files below the paths, in order. A folder without any is an error.
func files(paths []string) (all []string, err error) {
	for _, path := range paths {
		n := len(all)
		folder, err := filepath.EvalSymlinks(path) // WalkDir follows no links
		if err != nil {
			return nil, err
		}
		err = filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(folder, p)
			if err != nil {
				return err
			}
			p = filepath.Join(path, rel)
			info, err := os.Stat(p)
			switch {
			case err != nil:
				return err
			case info.IsDir(): // a link; whoever wants its files names it
				return nil
			case !info.Mode().IsRegular():
				return fmt.Errorf("%s: no regular file", p)
			}
			all = append(all, p)
			return nil
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
