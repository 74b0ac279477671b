package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"edged/capture/internal/wait"
	"edged/capture/pixel"
	"edged/internal/clock"
)

// File plays a video file: a stream of JPEGs, YUV4MPEG2, or whatever an installed ffmpeg reads.
type File struct {
	Path string
	// FrameRate is that of a file which has none of its own, a stream of JPEGs above all. 0 means 30.
	FrameRate float64
	// RealTime delivers frames when they are due and gives them CLOCK_MONOTONIC times. Otherwise they come as fast as the
	// sink takes them, timed from 0 by their presentation times.
	RealTime bool
	// Loop starts over at the end, after a second without a picture. The first frame of each pass has Restart set: a window
	// must not begin before it and end after it.
	Loop     bool
	Counters *Counters // may be nil
}

const defaultFrameRate = 30

// In real time the frames' clock is set anew where a frame is so late, or so far ahead: between two pictures of a recording of
// what moves may be hours.
const (
	behind = 500 * time.Millisecond
	ahead  = 10 * time.Second
)

func (f *File) String() string { return Spec{Kind: KindFile, Path: f.Path}.String() }

// Run plays the file. It returns io.EOF at the end unless Loop is set.
func (f *File) Run(ctx context.Context, sink Sink) error {
	p := player{file: f, sink: sink}
	if f.RealTime {
		timer, err := wait.NewTimer(ctx)
		if err != nil {
			return fmt.Errorf("capture: %s: timer: %w", f.Path, err)
		}
		defer timer.Close()
		p.timer = timer
	}
	if f.Counters == nil {
		f.Counters = new(Counters)
	}
	for {
		before := p.frame.Sequence
		err := p.pass(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !errors.Is(err, io.EOF) {
			return fmt.Errorf("capture: %s: %w", f.Path, err)
		}
		if p.frame.Sequence == before {
			return fmt.Errorf("capture: %s: no picture in it", f.Path)
		}
		if !f.Loop {
			return io.EOF
		}
	}
}

func (f *File) rate() float64 {
	if f.FrameRate > 0 {
		return f.FrameRate
	}
	return defaultFrameRate
}

// seam is the time between the last frame of a pass and the first of the next.
const seam = time.Second

// player is the state of one Run, over all its passes.
type player struct {
	file     *File
	sink     Sink
	frame    Frame
	base     time.Duration // of this pass: what its frames' own times are added to
	first    time.Duration // the pass's first own time
	last     time.Duration // the last frame's time, as delivered before pacing
	refusals refusals
	timer    *wait.Timer   // when playing in real time
	epoch    time.Duration // CLOCK_MONOTONIC at time 0, then
}

// pass plays the file once. It returns io.EOF at its end.
func (p *player) pass(ctx context.Context) error {
	pics, err := p.file.open(ctx)
	if err != nil {
		return err
	}
	defer pics.close()
	if p.frame.Sequence > 0 {
		p.base = p.last + seam
	}
	p.frame.Restart = true
	for first := true; ; first = false {
		data, format, t, err := pics.next()
		if err != nil {
			return err
		}
		if first {
			p.first = t
		}
		if err := p.show(ctx, data, format, p.base+t-p.first); err != nil {
			return err
		}
	}
}

// show hands one picture to the sink, in real time when it is due.
func (p *player) show(ctx context.Context, data []byte, format pixel.Format, t time.Duration) error {
	p.last = t
	p.frame.Data, p.frame.Format, p.frame.Time = data, format, t
	if p.file.RealTime {
		if err := p.wait(t); err != nil {
			return err
		}
		p.frame.Time = p.epoch + t
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(data) == 0 {
		p.file.Counters.Empty.Add(1)
		return nil
	}
	p.file.Counters.Frames.Add(1)
	err := p.refusals.note(p.sink(&p.frame))
	if err != nil {
		err = fmt.Errorf("%w; convert the file, for example with `ffmpeg -i FILE -pix_fmt yuv420p NEW.mp4`", err)
	}
	p.frame.Sequence++
	p.frame.Restart = false
	return err
}

// wait sleeps until the frame of time t is due.
func (p *player) wait(t time.Duration) error {
	now := clock.Monotonic()
	due := p.epoch + t
	switch {
	case due > now+ahead:
		p.frame.Restart = true
		fallthrough
	case p.frame.Sequence == 0, due < now-behind:
		p.epoch = now - t
		return nil
	}
	return p.timer.Until(due)
}
