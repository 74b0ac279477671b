package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/internal/clock"
)

// snapshots makes pictures for people of what a view sees, when asked. The work is done beside the capture loop, which only
// lends it a copy of the one frame.
type snapshots struct {
	area    pixel.Area
	masks   [][]pixel.Point
	publish func(jpeg []byte)

	asked  atomic.Int64 // when a picture was asked for, CLOCK_MONOTONIC; 0 = none is wanted
	busy   atomic.Bool
	work   chan struct{} // one token: data holds a frame
	data   []byte        // the capture loop's while not busy, then make's
	format pixel.Format

	decoder       *pixel.Decoder // make's, of the last picture's size; nil: none yet
	width, height int            // of its pictures
}

const (
	snapshotSide    = 1280 // at most
	snapshotQuality = 80
	// snapshotWithin is how long a request holds: a camera that comes back much later shows what nobody asked for.
	snapshotWithin = 10 * time.Second
)

func newSnapshots(area pixel.Area, masks [][]pixel.Point) *snapshots {
	return &snapshots{area: area, masks: masks, publish: func([]byte) {}, work: make(chan struct{}, 1)}
}

// request asks for a picture of the next frame, where it comes soon.
func (s *snapshots) request() {
	if s != nil {
		s.asked.Store(int64(clock.Monotonic()))
	}
}

// cancel forgets the request.
func (s *snapshots) cancel() {
	if s != nil {
		s.asked.Store(0)
	}
}

// see takes the frame where one is wanted and the last is done.
func (s *snapshots) see(f *capture.Frame) {
	if s == nil || s.asked.Load() == 0 || !s.busy.CompareAndSwap(false, true) {
		return
	}
	if asked := s.asked.Swap(0); clock.Monotonic()-time.Duration(asked) > snapshotWithin {
		s.busy.Store(false)
		return
	}
	s.data, s.format = append(s.data[:0], f.Data...), f.Format
	s.work <- struct{}{}
}

// run makes the pictures until ctx ends.
func (s *snapshots) run(ctx context.Context, view string) error {
	defer s.close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.work:
		}
		picture, err := s.make()
		if err != nil {
			slog.Warn("no snapshot", "view", view, "error", err)
		} else {
			s.publish(picture)
		}
		clear(s.data)
		s.busy.Store(false)
	}
}

// make decodes the frame, masks it and encodes it again, no side longer than snapshotSide.
func (s *snapshots) make() ([]byte, error) {
	width, height := s.format.Width, s.format.Height
	if s.format.FourCC.Compressed() { // its own header decides
		var err error
		if width, height, err = pixel.JPEGSize(s.data); err != nil {
			return nil, err
		}
	}
	width, height = max(1, int(s.area.Width*float64(width))), max(1, int(s.area.Height*float64(height)))
	if most := max(width, height); most > snapshotSide {
		width, height = max(1, width*snapshotSide/most), max(1, height*snapshotSide/most)
	}
	if err := s.open(width, height); err != nil {
		return nil, err
	}
	rgb := make([]byte, 3*width*height)
	defer func() { // a picture is for those alone who get it
		clear(rgb)
		s.decoder.Wipe()
	}()
	if err := s.decoder.Decode(rgb, s.format, s.data); err != nil {
		return nil, err
	}
	return pixel.EncodeJPEG(rgb, width, height, snapshotQuality)
}

// open makes a decoder of that size, unless the last is: to fit its masks, every pixel is held against every edge.
func (s *snapshots) open(width, height int) error {
	if s.decoder != nil && s.width == width && s.height == height {
		return nil
	}
	s.close()
	decoder, err := pixel.NewDecoder(width, height, s.area)
	if err != nil {
		return err
	}
	decoder.Mask(s.masks)
	s.decoder, s.width, s.height = decoder, width, height
	return nil
}

func (s *snapshots) close() {
	if s.decoder != nil {
		s.decoder.Close()
		s.decoder = nil
	}
}
