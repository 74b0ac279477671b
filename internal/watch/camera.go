// Package watch takes a camera's frames to the model: it samples, decodes and stores them, one Camera for each camera, and runs one
// pipeline for each View of it.
//
//	capture ──frame──▶ Camera: enabled? ▸ on the sampling grid? ▸ decode ▸ ring ──▶ View: window ▸ model ▸ decisions
//
// The camera's goroutine calls Camera.Frame and Camera.SetStatus. The goroutine that loaded the model steps the views' pipelines.
package watch

import (
	"fmt"
	"hash/maphash"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/infer"
	"edged/internal/config"
	"edged/internal/sink"
	"edged/models"
	"edged/ringbuffer"
)

// Camera takes the frames of one camera to its views.
type Camera struct {
	Name  string
	Views []*View   // at least one
	Taps  sink.Taps // receive every frame while a view is enabled

	Ring      *ringbuffer.Ring // a slot holds a picture for each view, [H,W,3] u8
	Counters  capture.Counters
	OffGrid   atomic.Uint64 // frames that no window needs, returned undecoded
	Corrupt   atomic.Uint64 // frames that did not decode
	Unwatched atomic.Uint64 // frames that came while no view was enabled

	width, height int // the least size of a picture

	frameRate  float64                           // that the model samples, frames/s
	onDecoded  func(decode, scale time.Duration) // nil: not measured
	stallAfter time.Duration

	// The camera's goroutine alone uses these.
	sampler      *capture.Sampler
	decoder      *pixel.Decoder // of the views that do not follow; nil if all do
	plainBytes   int            // of a slot: the pictures of these views
	seed         maphash.Seed
	erasing      bool          // no view is enabled, as the last frame showed
	erased       bool          // nothing of any frame is left in the ring
	complained   bool          // a corrupt frame was logged
	complainedAt time.Duration // capture time of the last one that was logged

	online atomic.Bool
	reason atomic.Pointer[error] // why it went offline last
	rate   atomic.Pointer[rates]
	mark   mark
}

// Options are the inputs of a Camera.
type Options struct {
	Camera config.Camera
	Views  []config.View // see Views
	Detect config.Detect
	Model  *models.Model
	// OnDecoded receives, after each decoded frame, the time spent so far on decoding and on scaling. Nil: it is not measured.
	OnDecoded func(decode, scale time.Duration)
}

// spareSlots lets the camera go on while the pipeline, after a slow run of the model, catches up with a whole window.
const spareSlots = 4

// Slots is the number of frames in a camera's ring for a model that takes windows of that many frames.
func Slots(frames int) int { return frames + spareSlots }

// PictureMemory is the bytes that a view's pictures take, in the ring and in the model's window. A manifest's numbers are bounded, but their product
// may not fit an int of 32 bits.
func PictureMemory(v config.View, f models.Manifest) int64 {
	picture := int64(f.FrameBytes())
	if v.Follow.On {
		picture = infer.PictureBytes
	}
	return int64(Slots(f.Frames))*picture + f.WindowBytes()
}

// Views returns the views of a camera, with the defaults that the model allows.
func Views(cfg *config.Config, cam config.Camera, m *models.Model) []config.View {
	f := m.Manifest
	return cfg.ViewsOf(cam, infer.CanGate(f.Width, f.Height, f.Frames))
}

// LeastSize is the picture size in which each view has twice the model's pixels in each direction. A smaller picture would show the
// sensor's noise, and what the camera skips to make it small. A view that follows cuts its targets out of a larger picture.
func LeastSize(views []config.View, m models.Manifest) (width, height int) {
	for _, v := range views {
		w, h := 2*m.Width, 2*m.Height
		if v.Follow.On {
			w, h = max(w, infer.MiddleSide), max(h, infer.MiddleSide)
		}
		width, height = max(width, int(math.Ceil(float64(w)/v.Area[2]))), max(height, int(math.Ceil(float64(h)/v.Area[3])))
	}
	return width, height
}

// LeastSize is that of the camera's views.
func (c *Camera) LeastSize() (width, height int) { return c.width, c.height }

// New returns a Camera. Close must be called when no frame comes any more.
func New(o Options) (*Camera, error) {
	f := o.Model.Manifest
	c := &Camera{
		Name:       o.Camera.Name,
		stallAfter: o.Camera.StallAfter,
		frameRate:  f.FrameRate,
		onDecoded:  o.OnDecoded,
		sampler:    capture.NewSampler(f.FrameRate),
		seed:       maphash.MakeSeed(),
	}
	c.width, c.height = LeastSize(o.Views, f)
	for _, view := range o.Views {
		v, err := newView(o, view)
		if err != nil {
			return nil, fmt.Errorf("cameras: %s: %w", path(o.Camera.Name, view.Name), err)
		}
		c.Views = append(c.Views, v)
	}
	c.Ring = ringbuffer.New(Slots(f.Frames), c.layOut(f.FrameBytes()))
	for _, v := range c.Views {
		v.Pipeline.Ring = c.Ring
	}
	if err := c.makeDecoder(o); err != nil {
		return nil, fmt.Errorf("cameras: %s: %w", o.Camera.Name, err)
	}
	return c, nil
}

// layOut gives each view its part of a slot, the views that do not follow first, because one decoder writes all of these. It returns the slot's size.
func (c *Camera) layOut(frameBytes int) (size int) {
	for _, follows := range []bool{false, true} {
		for _, v := range c.Views {
			if (v.middle != nil) != follows {
				continue
			}
			v.Pipeline.Offset, v.Pipeline.Size = size, frameBytes
			if follows {
				v.Pipeline.Size = infer.PictureBytes
			}
			size += v.Pipeline.Size
		}
		if !follows {
			c.plainBytes = size
		}
	}
	return size
}

// makeDecoder makes the decoder of the views that do not follow.
func (c *Camera) makeDecoder(o Options) error {
	var areas []pixel.Area
	for _, v := range c.Views {
		if v.middle == nil {
			areas = append(areas, v.area)
		}
	}
	if len(areas) == 0 {
		return nil
	}
	decoder, err := pixel.NewDecoder(o.Model.Manifest.Width, o.Model.Manifest.Height, areas...)
	if err != nil {
		return err
	}
	decoder.Mask(Polygons(o.Camera.Masks))
	decoder.Timing(o.OnDecoded != nil)
	c.decoder = decoder
	return nil
}

// Polygons turns a configuration's corners into points.
func Polygons(corners [][][]float64) [][]pixel.Point {
	out := make([][]pixel.Point, len(corners))
	for i, polygon := range corners {
		for _, p := range polygon {
			out[i] = append(out[i], pixel.Point{X: p[0], Y: p[1]})
		}
	}
	return out
}

// Close frees what C allocated.
func (c *Camera) Close() {
	if c.decoder != nil {
		c.decoder.Close()
	}
	for _, v := range c.Views {
		v.middle.close()
	}
}

// Frame is the capture.Sink of the camera. It decodes a frame on the sampling grid straight into the ring. It examines the frame of a
// frozen camera and does not keep it.
func (c *Camera) Frame(f *capture.Frame) capture.Finding {
	enabled := c.followSwitches()
	if enabled == 0 {
		c.Unwatched.Add(1)
		c.erase()
		return capture.Finding{}
	}
	c.erasing, c.erased = false, false
	c.lend(f, enabled)
	if f.Restart {
		c.sampler.Reset()
	}
	tick, take := c.sampler.Take(f.Time)
	if !take && !f.Frozen {
		c.OffGrid.Add(1)
		return capture.Finding{}
	}
	if take && tick == 0 { // a new grid: a restart, or time went backwards
		c.Ring.Reset()
	}
	return c.store(f, tick, enabled)
}

// followSwitches begins and pauses the views' pipelines as their switches say, and returns the enabled views, view i as bit i.
func (c *Camera) followSwitches() (enabled uint32) {
	next := c.Ring.Next()
	for i, v := range c.Views {
		if v.followSwitch(next) {
			enabled |= 1 << i
		}
	}
	return enabled
}

// erase makes sure, while no view is enabled, that no picture stays in memory. (The driver's own buffers stay; edged does not look at
// them.) Actions in progress end.
func (c *Camera) erase() {
	if !c.erasing {
		c.sampler.Reset()
		c.Ring.Reset()
		c.wipeDecoders()
		c.Taps.Wipe()
	}
	c.erasing = true
	c.erased = c.erased || c.Ring.Wipe()
}

// lend gives the frame to the taps, and to the snapshots that somebody has asked for.
func (c *Camera) lend(f *capture.Frame, enabled uint32) {
	for i, v := range c.Views {
		if enabled>>i&1 == 1 {
			v.snapshots.takeIfAsked(f)
		}
	}
	if c.Taps.InUse() && !f.Frozen {
		c.Taps.Frame(sink.Frame{
			Data: f.Data, Format: f.Format, Time: f.Time, Sequence: f.Sequence, Restart: f.Restart, Views: enabled,
		})
	}
}

// store decodes the frame into the ring.
func (c *Camera) store(f *capture.Frame, tick int64, enabled uint32) capture.Finding {
	slot := c.Ring.Reserve()
	if slot == nil {
		return capture.Finding{}
	}
	c.blankDisabled(slot, enabled)
	shown, err := c.decode(slot, f, enabled)
	if err != nil {
		c.Corrupt.Add(1)
		c.complain(f, err)
		return capture.Refused(err)
	}
	if c.onDecoded != nil && c.decoder != nil {
		c.onDecoded(c.decoder.Times())
	}
	found := capture.Finding{Verdict: capture.Good, Digest: c.digest(shown)}
	if !f.Frozen {
		c.Ring.Commit(tick, f.Time)
	}
	return found
}

// decode writes the pictures of the enabled views into the slot, and returns pixels that show whether the camera's picture changes.
func (c *Camera) decode(slot []byte, f *capture.Frame, enabled uint32) (shown []byte, err error) {
	if plain := c.plain(enabled); plain != 0 {
		shown = slot[:c.plainBytes]
		if err := c.decoder.DecodeAreas(shown, f.Format, f.Data, plain); err != nil {
			return nil, err
		}
	}
	for i, v := range c.Views {
		if v.middle == nil || enabled>>i&1 == 0 {
			continue
		}
		rgb, err := v.middle.decode(v.part(slot), f.Format, f.Data)
		if err != nil {
			return nil, err
		}
		if shown == nil {
			shown = rgb
		}
	}
	return shown, nil
}

// plain returns the enabled views that do not follow, by their place among these.
func (c *Camera) plain(enabled uint32) (plain uint32) {
	place := 0
	for i, v := range c.Views {
		if v.middle != nil {
			continue
		}
		plain |= enabled >> i & 1 << place
		place++
	}
	return plain
}

// blankDisabled erases the pictures of disabled views, so that the slot shows nothing of what was there before.
func (c *Camera) blankDisabled(slot []byte, enabled uint32) {
	for i, v := range c.Views {
		if enabled>>i&1 == 0 {
			clear(v.part(slot))
		}
	}
}

// part is the view's part of a slot.
func (v *View) part(slot []byte) []byte {
	p := &v.Pipeline
	return slot[p.Offset : p.Offset+p.Size]
}

func (c *Camera) wipeDecoders() {
	if c.decoder != nil {
		c.decoder.Wipe()
	}
	for _, v := range c.Views {
		v.middle.wipe()
	}
}

// digest is a hash of the pictures, or 0 where they show nothing: a camera in the dark may well send the same black for hours.
func (c *Camera) digest(rgb []byte) uint64 {
	low, high := byte(255), byte(0)
	for i := 0; i < len(rgb); i += 37 { // shares no factor with a pixel's bytes or a line's
		low, high = min(low, rgb[i]), max(high, rgb[i])
	}
	if high-low < minContrast {
		return 0
	}
	return maphash.Bytes(c.seed, rgb)
}

// minContrast is less than the difference between the darkest and the lightest value of any picture that shows something.
const minContrast = 24

// complain logs a corrupt frame, at most once a minute of capture time.
func (c *Camera) complain(f *capture.Frame, err error) {
	since := f.Time - c.complainedAt
	if c.complained && since >= 0 && since < time.Minute {
		return
	}
	c.complained, c.complainedAt = true, f.Time
	slog.Warn("frame dropped", "camera", c.Name, "sequence", f.Sequence, "bytes", len(f.Data), "error", err,
		"dropped_so_far", c.Corrupt.Load())
}
