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

	"edged/capture/internal/matroska"
	"edged/capture/internal/mjpeg"
	"edged/capture/internal/y4m"
	"edged/capture/pixel"
	"edged/internal/clock"
)

// Command is a camera that another program reads: rpicam-vid, ffmpeg, gst-launch. Its standard output is a stream of JPEGs
// (multipart, too), Y4M, Matroska with raw 4:2:0 video, or bare frames of a declared format and size. A frame's time is that
// of its arrival.
type Command struct {
	Line string // for sh -c
	// FourCC, Width and Height declare bare frames, without padding. FourCC 0 is for a stream that says by itself what it is.
	FourCC        pixel.FourCC
	Width, Height int
	StallAfter    time.Duration // longest wait for a whole frame, the first included; 0 means 5 s
	Counters      *Counters     // may be nil
}

var (
	// errExited is the fate of a command that ended by itself. A camera has no end, whatever the exit status.
	errExited = errors.New("the command ended")
	errHangs  = errors.New("the command hangs")
)

func (c *Command) String() string { return ShownSource(Spec{Kind: KindCommand, Path: c.Line}.String()) }

// Run starts the command and delivers its frames until it ends, stalls, or writes what is no picture. It leaves no process
// of the command's behind.
func (c *Command) Run(ctx context.Context, sink Sink) error {
	if c.Counters == nil {
		c.Counters = new(Counters)
	}
	if c.StallAfter == 0 {
		c.StallAfter = defaultStallAfter
	}
	p, err := startProgram(ctx, c.Line)
	if err == nil {
		err = p.end(c.deliver(p, sink), c.StallAfter)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("capture: %s: %w", c, err)
}

// deliver never returns nil.
func (c *Command) deliver(p *program, sink Sink) error {
	p.allow(c.StallAfter)
	pics, err := c.open(p.out)
	if err != nil {
		return err
	}
	frame := Frame{Restart: true}
	var unusable refusals
	for {
		p.allow(c.StallAfter)
		data, format, _, err := pics.next()
		if err != nil {
			return err
		}
		if len(data) == 0 {
			c.Counters.Empty.Add(1)
			continue
		}
		frame.Data, frame.Format, frame.Time = data, format, clock.Monotonic()
		c.Counters.Frames.Add(1)
		if err := unusable.note(sink(&frame)); err != nil {
			return fmt.Errorf("%w; let the command write JPEGs in YCbCr, Y4M, or raw 4:2:0 video in Matroska", err)
		}
		frame.Sequence++
		frame.Restart = false
	}
}

// open recognizes the stream by its first bytes, where its format was not declared.
func (c *Command) open(out *os.File) (pictures, error) {
	format := pixel.Format{FourCC: c.FourCC, Width: c.Width, Height: c.Height}
	if size := format.Bytes(); size > 0 {
		return &bareFrames{r: out, format: format, data: make([]byte, size)}, nil
	}
	r := bufio.NewReaderSize(out, 64<<10)
	if c.FourCC.Compressed() {
		return &jpegs{file: out, splitter: mjpeg.NewSplitter(r), rate: defaultFrameRate}, nil
	}
	head, err := r.Peek(len(y4m.Magic))
	if len(head) == 0 {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xd8, 0xff}), bytes.HasPrefix(bytes.TrimLeft(head, "\r\n"), []byte("--")):
		return &jpegs{file: out, splitter: mjpeg.NewSplitter(r), rate: defaultFrameRate}, nil
	case string(head) == y4m.Magic:
		return openY4M(out, r, defaultFrameRate)
	case bytes.HasPrefix(head, []byte{0x1a, 0x45, 0xdf, 0xa3}):
		return &matroskaStream{matroska.NewReader(r)}, nil
	}
	return nil, fmt.Errorf("its output starts with % x: neither JPEG, Y4M nor Matroska; declare raw frames by format, width and height", head)
}

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

// matroskaStream is raw 4:2:0 video.
type matroskaStream struct{ reader *matroska.Reader }

func (m *matroskaStream) next() ([]byte, pixel.Format, time.Duration, error) {
	data, t, err := m.reader.Next()
	return data, pixel.Format{FourCC: pixel.YUV420, Width: m.reader.Width, Height: m.reader.Height}, t, err
}
