package bench

import (
	"context"
	"errors"
	"time"

	"edged/capture"
	"edged/infer"
	"edged/internal/clock"
)

// parts are costs that no stage's own clock shows. Each is CPU time of the process, measured while it does nothing else.
type parts struct {
	read   time.Duration // for reading a frame of the video and finding its end
	wake   time.Duration // for waking up when a frame is due, and for the runtime's monitor
	decide time.Duration // for the decisions on a window
}

// Enough frames to measure with: of reading, without waiting for them; of waking up, two seconds of a usual camera.
const (
	readFrames = 300
	readTime   = time.Second
	wakeFrames = 60
	wakeTime   = 3 * time.Second
)

func measureParts(ctx context.Context, source string, d *infer.Decider, labels int) (p parts, err error) {
	if p.read, err = perFrame(ctx, capture.File{Path: source, Loop: true}, readFrames, readTime); err != nil {
		return p, err
	}
	paced, err := perFrame(ctx, capture.File{Path: source, Loop: true, RealTime: true}, wakeFrames, wakeTime)
	if err != nil {
		return p, err
	}
	p.wake = max(0, paced-p.read)
	scores, at := make([]float32, labels), time.Duration(0)
	p.decide = repeated(func() {
		at += time.Second / 8
		d.Decide(at, scores, func(infer.Event) {})
	})
	return p, nil
}

// perFrame plays the file to a sink that does nothing, for that many frames or that long, and returns the CPU time of one.
func perFrame(ctx context.Context, file capture.File, frames int, most time.Duration) (time.Duration, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var began, cpu time.Duration
	n := -1 // the first frame only starts the clocks: opening the file is no part of a frame
	err := file.Run(ctx, func(*capture.Frame) capture.Finding {
		if n++; n == 0 {
			began, cpu = clock.Monotonic(), processCPU()
		} else if n == frames || clock.Monotonic()-began > most {
			cpu = (processCPU() - cpu) / time.Duration(n)
			stop(errMeasured)
		}
		return capture.Finding{}
	})
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if !errors.Is(err, errMeasured) {
		return 0, err
	}
	return cpu, nil
}
