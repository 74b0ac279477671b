package watch

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/internal/clock"
)

// snapshots makes JPEG pictures of a view when somebody asks for one. A goroutine of its own decodes and encodes; the camera's goroutine
// only copies the frame.
type snapshots struct {
	area  pixel.Area
	masks [][]pixel.Point

	asked  atomic.Int64 // when somebody asked for a picture, CLOCK_MONOTONIC; 0: nobody did
	busy   atomic.Bool
	work   chan struct{} // one token: data holds a frame
	data   []byte        // belongs to the camera's goroutine while not busy, then to encode
	format pixel.Format

	decoder       *pixel.Decoder // makes pictures of the size below; nil: none yet
	width, height int
}

const (
	SnapshotSide    = 1280 // at most
	snapshotQuality = 80
	// snapshotWithin is how long a request is valid. A camera that comes back much later would show what nobody asked for.
	snapshotWithin = 10 * time.Second
)

func newSnapshots(area pixel.Area, masks [][]pixel.Point) *snapshots {
	return &snapshots{area: area, masks: masks, work: make(chan struct{}, 1)}
}

// request asks for a picture of the next frame, if it comes soon.
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

// takeIfAsked copies the frame if somebody has asked for a picture and the last one is finished.
func (s *snapshots) takeIfAsked(f *capture.Frame) {
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

// run makes the pictures and hands them to publish, until ctx ends.
func (s *snapshots) run(ctx context.Context, view string, publish func(jpeg []byte)) error {
	defer s.close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.work:
		}
		picture, err := s.encode()
		if err != nil {
			slog.Warn("no snapshot", "view", view, "error", err)
		} else {
			publish(picture)
		}
		clear(s.data)
		s.busy.Store(false)
	}
}

// encode decodes the frame, masks it and encodes it again, no side longer than SnapshotSide.
func (s *snapshots) encode() ([]byte, error) {
	width, height, err := pixel.ShownSize(s.format, s.data)
	if err != nil {
		return nil, err
	}
	width, height = max(1, int(s.area.Width*float64(width))), max(1, int(s.area.Height*float64(height)))
	if most := max(width, height); most > SnapshotSide {
		width, height = max(1, width*SnapshotSide/most), max(1, height*SnapshotSide/most)
	}
	if err := s.prepareDecoder(width, height); err != nil {
		return nil, err
	}
	rgb := make([]byte, 3*width*height)
	defer func() { // no copy of the picture may stay in memory
		clear(rgb)
		s.decoder.Wipe()
	}()
	if err := s.decoder.Decode(rgb, s.format, s.data); err != nil {
		return nil, err
	}
	return pixel.EncodeJPEG(rgb, width, height, snapshotQuality)
}

// prepareDecoder makes a decoder for pictures of that size, or keeps the last one if it fits: to apply the masks to a new one takes long.
func (s *snapshots) prepareDecoder(width, height int) error {
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

// RunSnapshots makes the view's snapshots and hands them to publish, until ctx ends. The picture belongs to publish.
func (v *View) RunSnapshots(ctx context.Context, publish func(jpeg []byte)) error {
	if v.snapshots == nil {
		return nil
	}
	return v.snapshots.run(ctx, v.Path, publish)
}

// RequestSnapshot asks for a picture of the view's next frame. It does nothing if the camera's snapshots are not configured.
func (v *View) RequestSnapshot() error {
	if !v.Enabled() {
		return fmt.Errorf("no snapshot: view %s is disabled", v.Path)
	}
	v.snapshots.request()
	return nil
}

func (s *snapshots) close() {
	if s.decoder != nil {
		s.decoder.Close()
		s.decoder = nil
	}
}
