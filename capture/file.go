package capture

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"edged/capture/internal/mjpeg"
	"edged/capture/internal/y4m"
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
	// Loop starts over at the end, time going on.
	Loop     bool
	Counters *Counters // may be nil
}

const defaultFrameRate = 30

// behind is how late a frame may be before real time is given up and the frames' clock set anew.
const behind = 500 * time.Millisecond

// pictures is one pass through a file. The data is valid until the next call; io.EOF is the end.
type pictures interface {
	next() (data []byte, format pixel.Format, t time.Duration, err error)
	close() error
}

func (f *File) String() string { return Spec{Kind: KindFile, Path: f.Path}.String() }

// Run plays the file. It returns io.EOF at the end unless Loop is set.
func (f *File) Run(ctx context.Context, sink Sink) error {
	p := player{file: f, sink: sink, timer: time.NewTimer(0), interval: nth(1, f.rate())}
	defer p.timer.Stop()
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

// open recognizes the file by its first bytes.
func (f *File) open(ctx context.Context) (pictures, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, bare(err)
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, errors.New("not a regular file")
	}
	r := bufio.NewReaderSize(file, 64<<10)
	// A short file gives what it has.
	head, err := r.Peek(len(y4m.Magic))
	if err != nil && err != io.EOF {
		file.Close()
		return nil, bare(err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xd8, 0xff}):
		return &jpegs{file: file, splitter: mjpeg.NewSplitter(r), rate: f.rate()}, nil
	case string(head) == y4m.Magic:
		return openY4M(file, r, f.rate())
	}
	file.Close()
	return startFFmpeg(ctx, f.Path)
}

func (f *File) rate() float64 {
	if f.FrameRate > 0 {
		return f.FrameRate
	}
	return defaultFrameRate
}

// bare strips the path from a file error: the caller names it already.
func bare(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// player is the state of one Run, over all its passes.
type player struct {
	file     *File
	sink     Sink
	frame    Frame
	timer    *time.Timer
	base     time.Duration // of this pass: what its frames' own times are added to
	first    time.Duration // the pass's first own time
	interval time.Duration // between the last two frames
	last     time.Duration // the last frame's time, as delivered before pacing
	epoch    time.Duration // CLOCK_MONOTONIC at time 0, when playing in real time
}

// pass plays the file once. It returns io.EOF at its end.
func (p *player) pass(ctx context.Context) error {
	pics, err := p.file.open(ctx)
	if err != nil {
		return err
	}
	defer pics.close()
	if p.frame.Sequence > 0 {
		p.base = p.last + p.interval
	}
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
	if t > p.last {
		p.interval = t - p.last
	}
	p.last = t
	p.frame.Data, p.frame.Format, p.frame.Time = data, format, t
	if p.file.RealTime {
		if err := p.wait(ctx, t); err != nil {
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
	p.sink(&p.frame)
	p.frame.Sequence++
	return nil
}

// wait sleeps until the frame of time t is due.
func (p *player) wait(ctx context.Context, t time.Duration) error {
	now := clock.Monotonic()
	due := p.epoch + t
	if p.frame.Sequence == 0 || due < now-behind {
		p.epoch = now - t
		return nil
	}
	if due <= now {
		return nil
	}
	p.timer.Reset(due - now)
	select {
	case <-p.timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jpegs is a pass through a stream of JPEGs, which carries neither times nor a rate.
type jpegs struct {
	file     *os.File
	splitter *mjpeg.Splitter
	rate     float64
	count    int
}

func (j *jpegs) next() ([]byte, pixel.Format, time.Duration, error) {
	data, err := j.splitter.Next()
	t := nth(j.count, j.rate)
	j.count++
	return data, pixel.Format{FourCC: pixel.MJPEG}, t, err
}

func (j *jpegs) close() error { return j.file.Close() }

// planes is a pass through a Y4M file.
type planes struct {
	file   *os.File
	reader *y4m.Reader
	format pixel.Format
	rate   float64
	count  int
}

func openY4M(file *os.File, r io.Reader, fallbackRate float64) (pictures, error) {
	reader, err := y4m.NewReader(r)
	if err != nil {
		file.Close()
		return nil, err
	}
	h := reader.Header
	p := &planes{file: file, reader: reader, rate: fallbackRate}
	if h.RateNum > 0 {
		p.rate = float64(h.RateNum) / float64(h.RateDen)
	}
	p.format = pixel.Format{FourCC: y4mFourCC(h), Width: h.Width, Height: h.Height, FullRange: h.FullRange}
	return p, nil
}

func y4mFourCC(h y4m.Header) pixel.FourCC {
	switch {
	case h.HSub == 0:
		return pixel.Grey
	case h.VSub == 2:
		return pixel.YUV420
	case h.HSub == 2:
		return pixel.YUV422
	}
	return pixel.YUV444
}

func (p *planes) next() ([]byte, pixel.Format, time.Duration, error) {
	data, err := p.reader.Next()
	t := nth(p.count, p.rate)
	p.count++
	return data, p.format, t, err
}

func (p *planes) close() error { return p.file.Close() }

// nth is the time of frame n at a constant rate a second, without the error that adding up intervals would gather.
func nth(n int, rate float64) time.Duration {
	return time.Duration(float64(n)/rate*float64(time.Second) + 0.5)
}
