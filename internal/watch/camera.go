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
	opens      time.Duration // how much longer the first frame may take

	// The camera's goroutine alone uses these.
	openings     uint64 // of the camera
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
	Rules  map[string]config.Rule // for this model: see config.RulesFor
	Model  *models.Model
	// OnDecoded receives, after each decoded frame, the time spent so far on decoding and on scaling. Nil: it is not measured.
	OnDecoded func(decode, scale time.Duration)
}

// Views returns the views of a camera, with the defaults that the model allows.
func Views(cfg *config.Config, cam config.Camera, m *models.Model) []config.View {
	f := m.Manifest
	return cfg.ViewsOf(cam, infer.CanGate(f.Width, f.Height, f.Frames))
}

// New returns a Camera. Close must be called when no frame comes any more.
func New(o Options) (*Camera, error) {
	f := o.Model.Manifest
	c := &Camera{
		Name:       o.Camera.Name,
		stallAfter: o.Camera.StallAfter,
		opens:      opens(o.Camera.Source),
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

// opens is how much longer the source may take for its first frame than for others.
func opens(source string) time.Duration {
	spec, err := capture.ParseSpec(source)
	if err != nil {
		return 0 // somebody else reports that
	}
	return spec.Kind.LongestOpen()
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

// part is the view's part of a slot.
func (v *View) part(slot []byte) []byte {
	p := &v.Pipeline
	return slot[p.Offset : p.Offset+p.Size]
}
