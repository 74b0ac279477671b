package main

import (
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync/atomic"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/internal/config"
	"edged/models"
	"edged/ringbuffer"
)

// watcher is one camera's way from pictures to the frames of its views: sampler, decoder, ring. The capture goroutine calls
// frame and status.
type watcher struct {
	name    string
	model   *models.Model
	sampler *capture.Sampler
	decoder *pixel.Decoder
	ring    *ringbuffer.Ring // a slot holds a picture for each view
	views   []*view

	stallAfter time.Duration // of the configuration

	idle  bool // the capture loop has seen that no view is enabled
	wiped bool // and nothing seen is left in the ring
	seed  maphash.Seed

	online    atomic.Bool
	reason    atomic.Pointer[error] // why it went offline last
	rates     atomic.Pointer[rates] // of the last report
	mark      mark                  // the last report's, of its goroutine
	counters  capture.Counters
	offGrid   atomic.Uint64 // frames that no window wants: given back undecoded
	corrupt   atomic.Uint64 // frames that did not decode
	unwatched atomic.Uint64 // frames while no view was enabled

	complained   bool          // a corrupt frame was logged
	complainedAt time.Duration // capture time of the last one
}

// spareSlots lets the capture loop go on while the pipeline, after a slow Invoke, catches up with a whole window.
const spareSlots = 4

func newWatcher(cam config.Camera, views []config.View, m *models.Model, detect config.Detect) (*watcher, error) {
	f := m.Manifest
	w := &watcher{
		name:       cam.Name,
		stallAfter: cam.StallAfter,
		model:      m,
		sampler:    capture.NewSampler(f.FrameRate),
		ring:       ringbuffer.New(f.Frames+spareSlots, len(views)*f.FrameBytes()),
		seed:       maphash.MakeSeed(),
	}
	var areas []pixel.Area
	for i, c := range views {
		v, err := newView(cam, c, m, detect)
		if err != nil {
			return nil, fmt.Errorf("cameras: %s: %w", viewPath(cam.Name, c.Name), err)
		}
		v.pipeline.Ring, v.pipeline.Offset, v.pipeline.Size = w.ring, i*f.FrameBytes(), f.FrameBytes()
		w.views, areas = append(w.views, v), append(areas, v.area)
	}
	decoder, err := pixel.NewDecoder(f.Width, f.Height, areas...)
	if err != nil {
		return nil, fmt.Errorf("cameras: %s: %w", cam.Name, err)
	}
	decoder.Mask(polygons(cam.Masks))
	w.decoder = decoder
	return w, nil
}

func polygons(corners [][][]float64) [][]pixel.Point {
	out := make([][]pixel.Point, len(corners))
	for i, polygon := range corners {
		for _, p := range polygon {
			out[i] = append(out[i], pixel.Point{X: p[0], Y: p[1]})
		}
	}
	return out
}

// close frees what C allocated, after capture has ended.
func (w *watcher) close() { w.decoder.Close() }

// frame is the sink of the camera: it decodes a frame that lies on the sampling grid straight into the ring. A frozen camera's is looked
// at and not kept.
func (w *watcher) frame(f *capture.Frame) capture.Finding {
	wanted := w.wanted(f)
	if wanted == 0 {
		return capture.Finding{}
	}
	if f.Restart {
		w.sampler.Reset()
	}
	tick, take := w.sampler.Take(f.Time)
	if !take && !f.Frozen {
		w.offGrid.Add(1)
		return capture.Finding{}
	}
	if take && tick == 0 { // a new grid: a restart, or time went backwards
		w.ring.Reset()
	}
	slot := w.ring.Reserve()
	if slot == nil {
		return capture.Finding{}
	}
	w.blank(slot, wanted)
	if err := w.decoder.DecodeAreas(slot, f.Format, f.Data, wanted); err != nil {
		w.corrupt.Add(1)
		w.complain(f, err)
		return capture.Refused(err)
	}
	digest := w.digest(slot)
	if !f.Frozen {
		w.ring.Commit(tick, f.Time)
	}
	return capture.Finding{Verdict: capture.Good, Digest: digest}
}

// wanted returns the views that look at the frame, by bit. Where there are none, nothing of what was seen stays in memory (but in the
// driver's, whose frames are not looked at), and what is on ends.
func (w *watcher) wanted(f *capture.Frame) (views uint32) {
	next := w.ring.Next()
	for i, v := range w.views {
		if v.wanted(f, next) {
			views |= 1 << i
		}
	}
	if views == 0 {
		w.unwatched.Add(1)
		if !w.idle {
			w.sampler.Reset()
			w.ring.Reset()
			w.decoder.Wipe()
		}
		w.wiped = w.wiped || w.ring.Wipe()
	}
	w.idle = views == 0
	w.wiped = w.wiped && w.idle
	return views
}

// blank wipes the pictures of the views that are not wanted, so that none outlives its view's being watched.
func (w *watcher) blank(slot []byte, wanted uint32) {
	size := len(slot) / len(w.views)
	for i := range w.views {
		if wanted>>i&1 == 0 {
			clear(slot[i*size : (i+1)*size])
		}
	}
}

// digest tells pictures apart, 0 where there is nothing in it: a camera in the dark may well send the same black for hours.
func (w *watcher) digest(rgb []byte) uint64 {
	low, high := byte(255), byte(0)
	for i := 0; i < len(rgb); i += 37 { // prime to a pixel's bytes and to a line's
		low, high = min(low, rgb[i]), max(high, rgb[i])
	}
	if high-low < minContrast {
		return 0
	}
	return maphash.Bytes(w.seed, rgb)
}

// minContrast is less than any picture with something in it has, between its darkest and its lightest value.
const minContrast = 24

// complain logs a corrupt frame, at most once a minute of capture time.
func (w *watcher) complain(f *capture.Frame, err error) {
	since := f.Time - w.complainedAt
	if w.complained && since >= 0 && since < time.Minute {
		return
	}
	w.complained, w.complainedAt = true, f.Time
	slog.Warn("frame dropped", "camera", w.name, "sequence", f.Sequence, "bytes", len(f.Data), "error", err,
		"dropped_so_far", w.corrupt.Load())
}

// status is told of each change. With the camera gone the window is emptied at once, which ends what is on.
func (w *watcher) status(online bool, reason error) {
	w.online.Store(online)
	if !online {
		w.reason.Store(&reason)
		w.ring.Reset()
	}
}
