package bench

import (
	"context"
	"errors"
	"time"

	"edged/capture"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/clock"
	"edged/internal/node"
	"edged/internal/watch"
)

// Flat out, that many windows are enough: the video does not start over. A large model stops earlier.
const (
	flatOutWindows = 60
	flatOutFewest  = 5
	flatOutTime    = 3 * time.Second
)

// flat is what running flat out measured.
type flat struct {
	began, ended     time.Duration
	allocs           uint64 // of the process, which does nothing else meanwhile
	frames, windows  uint64
	framesAtTheStart uint64
}

// measureFlatOut measures with a camera of its own, whose decoder takes no times: taking them allocates.
func measureFlatOut(ctx context.Context, n *node.Node, e *engine.Engine, source string) (*flat, error) {
	cam := n.Config.Cameras[0]
	c, err := watch.New(watch.Options{Camera: cam, Views: watch.Views(n.Config, cam, n.Model), Detect: n.Config.Detect, Rules: n.Config.RulesFor(watch.Actions(n.Model)), Model: n.Model})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := watch.MakeClips(e, c.Views); err != nil {
		return nil, err
	}
	return flatOut(ctx, c, &c.Views[0].Pipeline, source)
}

// flatOut replays the video and measures from the first window on.
func flatOut(ctx context.Context, c *watch.Camera, pipeline *infer.Pipeline, source string) (*flat, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var f flat
	pipeline.OnWindow = func(*infer.Window) { f.windows++ }
	pipeline.OnEvent = func(infer.Event) {} // not printed: printing allocates
	frames := uint64(0)
	file := capture.File{Path: source, Loop: true}
	file.Width, file.Height = c.LeastSize()
	err := file.Run(ctx, func(frame *capture.Frame) capture.Finding {
		found := c.Frame(frame)
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
