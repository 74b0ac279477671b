package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"edged/capture/internal/wait"
	"edged/capture/pixel"
	"edged/internal/bounds"
	"edged/internal/clock"
)

// File plays a video file: a stream of JPEGs, YUV4MPEG2, or whatever an installed ffmpeg reads.
//
// A frame's time is the one that the file gives it, unchanged: it may jump forward and back. Time 0 is the beginning of the file,
// which is the earliest time of any of its streams, as in a player; the first picture of a file whose sound begins earlier has
// a later time. In a stream of JPEGs and in YUV4MPEG2 time 0 is the first frame.
type File struct {
	Path string
	// FrameRate is for files without times: a stream of JPEGs, or raw H.264. 0 means 30 for JPEGs and Y4M, and ffmpeg's own
	// default, which is 25, for the rest.
	FrameRate float64
	// Width and Height are the least size that will do. ffmpeg makes a picture smaller, by a whole factor, that is more than twice as
	// large in each direction. 0 leaves pictures as they are.
	Width, Height int
	// RealTime delivers each frame when it is due and gives it a CLOCK_MONOTONIC time. Otherwise frames come as fast as the
	// sink takes them.
	RealTime bool
	// Loop plays the file again at its end, after a second without a picture. Times continue. The first frame of each pass has
	// Restart set.
	Loop     bool
	Counters *Counters    // may be nil
	Log      *slog.Logger // may be nil
}

const defaultFrameRate = 30

// In real time the player sets its clock anew at a frame that is so late, or so far ahead: a camera that records only movement may
// leave hours between two pictures.
const (
	behind = 500 * time.Millisecond
	ahead  = 10 * time.Second
)

func (f *File) String() string { return Spec{Kind: KindFile, Path: f.Path}.String() }

// Run plays the file. It returns io.EOF at the end unless Loop is set, or an error that wraps io.EOF where a part of the file is
// damaged or missing.
func (f *File) Run(ctx context.Context, sink Sink) error {
	if f.FrameRate != 0 {
		if err := bounds.CheckFrameRate(f.FrameRate); err != nil {
			return fmt.Errorf("capture: %s: frame rate: %w", f.Path, err)
		}
	}
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
			return f.withoutPicture(err)
		}
		if !f.Loop {
			return p.file.end(err)
		}
	}
}

// warnOfRate says that the configured frame rate has no effect on a file with times of its own.
func (f *File) warnOfRate(timed bool) {
	if timed && f.FrameRate > 0 && f.Log != nil {
		f.Log.Warn("the configured frame rate has no effect: the file has its own times", "file", f.Path, "frame_rate", f.FrameRate)
	}
}

// withoutPicture is how Run returns where a pass had no picture. Its error does not wrap io.EOF.
func (f *File) withoutPicture(err error) error {
	if d := new(damaged); errors.As(err, d) {
		return fmt.Errorf("capture: %s: no picture in it: %w", f.Path, d.what)
	}
	return fmt.Errorf("capture: %s: no picture in it", f.Path)
}

// warnOfEnd logs what the file should have and has not. A damaged file that is not played again ends with an error instead.
func (f *File) warnOfEnd(pics pass, err error) {
	if f.Log == nil || !errors.Is(err, io.EOF) {
		return
	}
	if f.Loop && errors.As(err, new(damaged)) {
		f.Log.Warn("a damaged video file", "file", f.Path, "error", err)
	}
	if p, ok := pics.(*ffmpeg); ok && p.missing() > time.Second {
		f.Log.Warn("the file says that it continues after its last picture: pictures may be missing", "file", f.Path,
			"last_picture", p.last.Round(time.Millisecond).String(), "end", p.how.length.Round(time.Millisecond).String())
	}
}

// end is how Run returns at the end of the file.
func (f *File) end(err error) error {
	if errors.As(err, new(damaged)) {
		return fmt.Errorf("capture: %s: %w", f.Path, err)
	}
	return io.EOF
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
	base     time.Duration // what this pass adds to the file's times
	last     time.Duration // the last frame's time, before pacing
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
	if p.frame.Sequence == 0 {
		p.file.warnOfRate(pics.timed())
	}
	p.frame.Restart = true
	for first := true; ; first = false {
		data, format, t, err := pics.next()
		if err != nil {
			if p.base == 0 { // once, not for every pass
				p.file.warnOfEnd(pics, err)
			}
			return err
		}
		if first && p.frame.Sequence > 0 {
			p.base = p.last + seam - t
		}
		if err := p.show(ctx, data, format, p.base+t); err != nil {
			return err
		}
	}
}

// show hands one picture to the sink; in real time, when it is due.
func (p *player) show(ctx context.Context, data []byte, format pixel.Format, t time.Duration) error {
	before := p.last
	p.last = t
	p.frame.Data, p.frame.Format, p.frame.Time = data, format, t
	if p.file.RealTime {
		if err := p.pace(t, before); err != nil {
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

// pace sleeps until the frame of time t is due. before is the time of the frame before it. Where the file's clock jumps, pace
// marks the frame as another scene.
func (p *player) pace(t, before time.Duration) error {
	now := clock.Monotonic()
	due := p.epoch + t
	first := p.frame.Sequence == 0
	jumps := !first && t < before || due > now+ahead
	p.frame.Restart = p.frame.Restart || jumps
	if first || jumps || due < now-behind {
		p.epoch = now - t
		return nil
	}
	return p.timer.Until(due)
}
