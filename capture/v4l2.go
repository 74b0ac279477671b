package capture

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"edged/capture/internal/device"
	"edged/capture/pixel"
)

// V4L2 is a camera under Linux' own video interface: a USB camera, or any other whose driver decodes the sensor itself.
type V4L2 struct {
	Path string // device node; empty for the first that starts: a camera of a format edged reads, which nobody else uses

	FourCC        pixel.FourCC  // 0: MJPEG where the camera has it, else YUYV
	Width, Height int           // wanted; 0 means 640x480
	FrameRate     float64       // wanted, per second; 0 means 30
	StallAfter    time.Duration // without a good frame for so long, Run gives up; 0 means 5 s

	Counters *Counters    // may be nil
	Log      *slog.Logger // may be nil
}

const (
	defaultWidth      = 640
	defaultHeight     = 480
	defaultStallAfter = 5 * time.Second
	// bufferCount is how many frames the driver can fill while the sink works on one.
	bufferCount = 4
)

func (v *V4L2) String() string { return Spec{Kind: KindV4L2, Path: v.Path}.String() }

// State changes when a device is plugged in or unplugged, or may be opened by others than before.
func (v *V4L2) State() string { return device.State() }

// Run streams from the camera until ctx ends or the camera fails. Its errors unwrap to the errno where there is one.
func (v *V4L2) Run(ctx context.Context, sink Sink) error {
	c, err := v.open()
	if err == nil {
		err = v.stream(ctx, c, sink)
		c.Close() // what ended the stream says more than what fails now
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("capture: %w", err)
}

// open starts the camera at Path, or the first that can be started.
func (v *V4L2) open() (streaming, error) {
	if v.Path != "" {
		return v.start(v.Path)
	}
	c, passed, err := firstOf(device.Nodes(), v.start)
	if err == nil && len(passed) > 0 {
		v.log().Info("nodes passed over", "device", c.Path, "reasons", passed)
	}
	return c, err
}

// start opens the node, sets its mode and begins to stream.
func (v *V4L2) start(path string) (streaming, error) {
	d, err := device.Open(path)
	if err != nil {
		return streaming{}, err
	}
	mode, err := v.setMode(d)
	if err == nil {
		err = d.Start(bufferCount)
	}
	if err != nil {
		d.Close()
		return streaming{}, err
	}
	v.log().Info("camera opened", "device", d.Path, "name", d.Card, "format", mode.Format.String(), "fps", mode.Rate)
	return streaming{d, mode}, nil
}

// stream lends frames to the sink until ctx ends or the camera fails.
func (v *V4L2) stream(ctx context.Context, c streaming, sink Sink) error {
	// The interrupting function may still run when stop says that it was started: wait, or it would meet a closed device.
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
		sink:       sink,
		frame:      Frame{Format: c.mode.Format},
	}
	return l.run()
}

// setMode sets the camera to the mode that suits best and returns what the driver made of it.
func (v *V4L2) setMode(d *device.Device) (device.Mode, error) {
	fourcc, err := v.chooseFormat(d)
	if err != nil {
		return device.Mode{}, err
	}
	want := v.wanted()
	want.Format.FourCC = fourcc
	want = chooseSize(d.Sizes(fourcc), want)
	got, err := d.SetMode(want)
	if err != nil {
		return got, err
	}
	if got.Format.Width != want.Format.Width || got.Format.Height != want.Format.Height {
		v.log().Warn("camera chose another size", "device", d.Path, "wanted", want.Format.String(), "got", got.Format.String())
	}
	return got, nil
}

func (v *V4L2) chooseFormat(d *device.Device) (pixel.FourCC, error) {
	formats, err := d.Formats()
	if err != nil {
		return 0, err
	}
	fourcc, err := chooseFormat(formats, v.FourCC)
	if err != nil {
		return 0, fmt.Errorf("%s (%s): %w", d.Path, d.Card, err)
	}
	return fourcc, nil
}

// wanted is the configured mode with the defaults filled in.
func (v *V4L2) wanted() device.Mode {
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
