package capture

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"edged/capture/internal/matroska"
	"edged/capture/internal/mjpeg"
	"edged/capture/pixel"
	"edged/internal/clock"
)

// Command is a camera that another program reads: rpicam-vid, ffmpeg, gst-launch. Its standard output is a stream of JPEGs
// (multipart, too), Y4M, Matroska with raw video or JPEGs, or bare frames of a declared format and size.
//
// In Matroska frames have times, which are used. Elsewhere a frame's time is that of its arrival, and frames that arrive in bursts
// are spaced evenly.
type Command struct {
	Line string // for sh -c
	Name string // how logs call the camera; "" = by the line's program
	// Program is what the line starts and needs; Run says so if it is not installed. "" = the line says what it needs.
	Program string
	Dir     string // where the line runs; "" = this process's working directory
	// FourCC, Width and Height declare bare frames, without padding. FourCC 0 is for a stream that says by itself what it is.
	FourCC        pixel.FourCC
	Width, Height int
	StallAfter    time.Duration // longest wait for a whole frame, the first included; 0 means 5 s
	Opens         time.Duration // how much longer the first frame may take
	Counters      *Counters     // may be nil
	Log           *slog.Logger  // may be nil
}

var (
	// errExited is the end of a command that exits by itself. A camera has no end, whatever the exit status.
	errExited = errors.New("the command ended")
	errHangs  = errors.New("the command hangs")
)

func (c *Command) String() string {
	if c.Name != "" {
		return c.Name
	}
	return ShownSource(Spec{Kind: KindCommand, Path: c.Line}.String())
}

// Run starts the command and delivers its frames until it exits, stalls, or writes something else than pictures. It leaves no
// process of the command behind.
func (c *Command) Run(ctx context.Context, sink Sink) error {
	if c.Counters == nil {
		c.Counters = new(Counters)
	}
	if c.StallAfter == 0 {
		c.StallAfter = defaultStallAfter
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if _, err := exec.LookPath(c.Program); c.Program != "" && err != nil {
		return fmt.Errorf("capture: %s: %s is not installed (in Docker, take the image with %s)", c, c.Program, c.Program)
	}
	p, err := startProgram(ctx, c.Line, c.Dir)
	if err == nil {
		err = p.end(c.deliver(p, sink))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("capture: %s: %w", c, err)
}

// deliver hands over the command's frames. It never returns nil.
func (c *Command) deliver(p *program, sink Sink) error {
	p.setDeadline(c.StallAfter + c.Opens)
	pics, err := c.open(p.out)
	if err != nil {
		return err
	}
	_, timed := pics.(*matroskaStream)
	d := handover{Command: c, sink: sink, timed: timed, times: newStreamClock(timed, c.Log), flood: newFlood(pics), frame: Frame{Restart: true}}
	p.setDeadline(c.StallAfter)
	for {
		data, format, own, err := pics.next()
		if err == nil {
			err = d.handOver(data, format, own)
		}
		if err != nil {
			return err
		}
		if len(data) > 0 { // empty frames are none
			p.setDeadline(c.StallAfter)
		}
	}
}

// handover is the state of deliver.
type handover struct {
	*Command
	sink     Sink
	timed    bool // the stream has times of its own
	times    *streamClock
	flood    *flood
	refusals refusals
	frame    Frame
}

// handOver gives the sink a frame that has just arrived. own is the frame's time in its stream.
func (d *handover) handOver(data []byte, format pixel.Format, own time.Duration) error {
	now := clock.Monotonic()
	if err := d.flood.note(now); err != nil {
		return err
	}
	if len(data) == 0 {
		d.Counters.Empty.Add(1)
		return nil
	}
	t, restart := d.times.next(own, now)
	f := &d.frame
	f.Data, f.Format, f.Time, f.Restart = data, format, t, f.Restart || restart
	d.Counters.Frames.Add(1)
	if d.timed && d.times.useless {
		d.Counters.Mistimed.Add(1)
	}
	if err := d.refusals.note(d.sink(f)); err != nil {
		return fmt.Errorf("%w; let the command write JPEGs in YCbCr, Y4M, or raw 4:2:0 video in Matroska", err)
	}
	f.Sequence++
	f.Restart = false
	return nil
}

// open recognises the stream by its first bytes, unless its format was declared.
func (c *Command) open(out *os.File) (pictures, error) {
	format := pixel.Format{FourCC: c.FourCC, Width: c.Width, Height: c.Height}
	if size := format.Bytes(); size > 0 {
		return &bareFrames{r: out, format: format, data: make([]byte, size)}, nil
	}
	r := bufio.NewReaderSize(out, 64<<10)
	if c.FourCC.Compressed() {
		return &jpegs{file: out, splitter: mjpeg.NewSplitter(r), rate: defaultFrameRate}, nil
	}
	found, head, err := recognise(r)
	switch found {
	case jpegContainer:
		return &jpegs{file: out, splitter: mjpeg.NewSplitter(r), rate: defaultFrameRate}, nil
	case y4mContainer:
		return openY4M(out, r, defaultFrameRate)
	case matroskaContainer:
		return &matroskaStream{matroska.NewReader(r)}, nil
	}
	return nil, c.noPictures(head, err)
}

// noPictures says what the command wrote in place of pictures. err is why nothing more was read.
func (c *Command) noPictures(head []byte, err error) error {
	begins := redactFor(c.Line, describe(head))
	switch {
	case len(head) == 0:
		return err
	case err != nil:
		return wrote{err, begins}
	case mayBeText(head):
		return fmt.Errorf("its output begins %s, and no picture comes within %d bytes; give format: mjpeg if JPEGs come later", begins, maxForeword)
	}
	return fmt.Errorf("its output begins %s: edged reads JPEGs, Y4M and Matroska with raw video; let the command write one of these, or declare raw frames by format, width and height", begins)
}

// wrote is the end of a command that has written something, but no picture.
type wrote struct {
	error
	begins string
}

func (w wrote) Unwrap() error { return w.error }

// bareFrames is frames one after the other, with nothing between them.
type bareFrames struct {
	r      io.Reader
	format pixel.Format
	data   []byte
}

func (b *bareFrames) next() ([]byte, pixel.Format, time.Duration, error) {
	_, err := io.ReadFull(b.r, b.data)
	return b.data, b.format, 0, err
}

// matroskaStream is raw video or JPEGs in Matroska.
type matroskaStream struct{ reader *matroska.Reader }

func (m *matroskaStream) next() ([]byte, pixel.Format, time.Duration, error) {
	data, t, err := m.reader.Next()
	return data, m.reader.Format, t, err
}
