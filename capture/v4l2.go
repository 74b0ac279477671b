package capture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"edged/capture/internal/device"
	"edged/capture/pixel"
)

// V4L2 is a camera that Linux' own video interface offers: a USB camera, or any other whose driver decodes the sensor itself.
type V4L2 struct {
	Path string // device node; if empty, the first camera that starts: one with a format that edged reads, which nobody else uses

	FourCC        pixel.FourCC  // 0: the cheapest that the camera has
	Width, Height int           // the least that will do; 0 means 640x480
	FrameRate     float64       // to ask for, per second; 0 means 30
	StallAfter    time.Duration // Run gives up after so long without a good frame; 0 means 5 s

	Counters *Counters    // may be nil
	Log      *slog.Logger // may be nil

	details []any // for Details
}

const (
	defaultWidth      = 640
	defaultHeight     = 480
	defaultStallAfter = 5 * time.Second
	// bufferCount is how many frames the driver can fill while the sink works on one.
	bufferCount = 4
)

func (v *V4L2) String() string { return Spec{Kind: KindV4L2, Path: v.Path}.String() }

// State changes when a device is plugged in or unplugged, or when other users than before may open it.
func (v *V4L2) State() string { return device.State() }

// Run streams from the camera until ctx ends or the camera fails. Its errors unwrap to the errno if there is one.
// Where the Sink finds the camera's format Unsupported, Run tries the camera's other formats.
func (v *V4L2) Run(ctx context.Context, sink Sink) error {
	err := retryFormats(func(refused refusedFormats) (refusedFormat, error) { return v.runOnce(ctx, sink, refused) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("capture: %w", err)
}

// runOnce streams in a format that has not been refused, and returns which.
func (v *V4L2) runOnce(ctx context.Context, sink Sink, refused refusedFormats) (refusedFormat, error) {
	c, err := v.open(refused)
	if err != nil {
		return refusedFormat{}, err
	}
	defer c.Close() // what ended the stream says more than an error of Close
	used := refusedFormat{path: c.Path, fourcc: c.mode.Format.FourCC}
	err = v.stream(ctx, c, sink)
	if errors.Is(err, errUnsupported) {
		v.log().Warn("trying the camera's other formats", "device", c.Path, "mode", c.mode, "reason", err)
	}
	return used, err
}

// open starts the camera at Path, or the first that can be started.
func (v *V4L2) open(refused refusedFormats) (streaming, error) {
	start := func(path string) (streaming, error) { return v.start(path, refused) }
	if v.Path != "" {
		return start(v.Path)
	}
	c, passed, err := firstOf(device.Nodes(), start)
	if err == nil && len(passed) > 0 {
		v.details = append(v.details, "passed_over", passed)
	}
	return c, err
}

// start opens the node, sets the best mode that the bus has room for, and starts streaming.
func (v *V4L2) start(path string, refused refusedFormats) (streaming, error) {
	d, err := device.Open(path)
	if err != nil {
		return streaming{}, err
	}
	left, err := v.offers(d, refused)
	for err == nil {
		var c streaming
		if c, err = v.startAs(d, left[0].Mode); err == nil {
			return c, nil
		}
		if left = lighter(left); len(left) == 0 || !errors.Is(err, unix.ENOSPC) {
			break
		}
		err = d.Stop()
	}
	d.Close()
	return streaming{}, err
}

// offers returns the modes that edged can use, the best first. A node that the user named need not prove that it is a camera.
func (v *V4L2) offers(d *device.Device, refused refusedFormats) ([]offer, error) {
	formats, err := d.Formats()
	if err != nil {
		return nil, err
	}
	if v.Path == "" {
		err = d.CheckCamera()
	}
	left := refused.without(d.Path, formats)
	if err == nil && len(formats) > len(left) && len(left) == 0 {
		err = errors.New("the camera offers no other format")
	}
	var found []offer
	if err == nil {
		found, err = offers(left, d.Sizes, v.requestedMode(), d.USB)
	}
	if err != nil {
		return nil, fmt.Errorf("%s (%s): %w", d.Path, d.Card, refused.explain(d.Path, err))
	}
	return found, nil
}

// startAs starts streaming in the mode that the driver chooses when it is asked for the given one.
func (v *V4L2) startAs(d *device.Device, asked device.Mode) (streaming, error) {
	got, err := d.SetMode(asked)
	if err == nil {
		err = d.Start(bufferCount)
	}
	if err != nil {
		return streaming{}, err
	}
	v.details = []any{"device", d.Path, "name", d.Card, "mode", got}
	if got.Format.Width != asked.Format.Width || got.Format.Height != asked.Format.Height || math.Abs(got.Rate-asked.Rate) > asked.Rate*rateTolerance {
		v.details = append(v.details, "asked", asked)
	}
	return streaming{d, got}, nil
}

// Details are the settings of the open camera.
func (v *V4L2) Details() []any { return v.details }

// stream lends frames to the sink until ctx ends or the camera fails.
func (v *V4L2) stream(ctx context.Context, c streaming, sink Sink) error {
	// Where stop says that the interrupting function was started, it may still run. It must not meet a closed device.
	var interrupting sync.WaitGroup
	interrupting.Add(1)
	stop := context.AfterFunc(ctx, func() { defer interrupting.Done(); c.Interrupt() })
	defer func() {
		if !stop() {
			interrupting.Wait()
		}
	}()
	l := loop{
		stream:     c,
		path:       c.Path,
		stallAfter: v.StallAfter,
		counters:   v.Counters,
		log:        v.log(),
		sink:       sink,
		frame:      Frame{Format: c.mode.Format},
	}
	return l.run()
}

// requestedMode is the configured mode with the defaults filled in.
func (v *V4L2) requestedMode() device.Mode {
	m := device.Mode{Format: pixel.Format{FourCC: v.FourCC, Width: v.Width, Height: v.Height}, Rate: v.FrameRate}
	if m.Format.Width <= 0 || m.Format.Height <= 0 {
		m.Format.Width, m.Format.Height = defaultWidth, defaultHeight
	}
	if m.Rate <= 0 {
		m.Rate = defaultFrameRate
	}
	return m
}

func (v *V4L2) log() *slog.Logger {
	if v.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return v.Log
}
