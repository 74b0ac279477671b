// Package pictures turns a camera's frames into JPEGs that people may look at: in clips and on the page.
//
// Masked parts and the areas of disabled views are black in all of them.
package pictures

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"edged/capture/pixel"
	"edged/internal/sink"
)

// Picture is a JPEG that may be shown.
type Picture struct {
	JPEG    []byte        // lent for the call
	Time    time.Duration // of capture, on CLOCK_MONOTONIC
	Opening uint64        // of the camera, counted from 1: pictures of one opening have one size
}

// Consumer takes pictures. Its methods are called by one goroutine at a time and must not block.
type Consumer interface {
	// Due reports whether the consumer needs a picture of time t. Encoded says that making it costs an encoding; otherwise it is the
	// camera's own JPEG.
	Due(t time.Duration, encoded bool) bool
	// Picture hands over a picture.
	Picture(Picture)
	// Wipe asks the consumer to erase all pictures that it still holds in memory.
	Wipe()
}

// Feed is the tap on one camera that makes pictures of its frames and gives them to the consumers that need one.
//
// Where the camera sends JPEG, nothing is masked and all views are enabled, a picture is the camera's own bytes. Otherwise Feed decodes
// the frame, blackens what must not be shown, and encodes the rest, on the goroutine of Run. A frame that comes while that goroutine
// is busy is skipped. In steady state Feed allocates nothing.
type Feed struct {
	Masks     [][]pixel.Point // nothing inside these polygons is ever shown
	Areas     []pixel.Area    // of the camera's views, in the order of sink.Frame's bits
	Side      int             // the longest side of an encoded picture, in pixels; 0 = as large as the camera's
	Consumers []Consumer
	OnError   func(error) // called for each frame that cannot be decoded or encoded; may be nil

	mu         sync.Mutex // held while consumers get pictures or wipe
	generation uint64     // guarded by mu; a picture made of a frame from before the last change is dropped

	views  uint32 // of the last frame; the camera goroutine's, as is the next one
	direct bool   // the last frame was handed on as it came

	busy atomic.Bool // the encoding goroutine owns job
	work chan struct{}
	once sync.Once
	job  job
	maker
}

// job is a copy of the frame that is to be encoded.
type job struct {
	data       []byte
	format     pixel.Format
	at         time.Duration
	opening    uint64
	views      uint32
	generation uint64
}

func (f *Feed) init() { f.once.Do(func() { f.work = make(chan struct{}, 1) }) }

// Frame implements sink.Tap.
func (f *Feed) Frame(frame sink.Frame) {
	direct := frame.Format.FourCC.Compressed() && frame.Format.IsPlain() && len(f.Masks) == 0 && frame.Views == f.all()
	f.follow(frame.Views, direct)
	if direct {
		f.pass(frame)
		return
	}
	if f.due(frame.Time, true) {
		f.hand(frame)
	}
}

func (f *Feed) all() uint32 { return uint32(1<<len(f.Areas) - 1) }

// follow drops what was made under other circumstances. If a view was disabled, the consumers erase the pictures that show it.
func (f *Feed) follow(views uint32, direct bool) {
	if views == f.views && direct == f.direct {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.generation++
	if f.views&^views != 0 {
		f.wipeConsumers()
	}
	f.views, f.direct = views, direct
}

// pass hands on the camera's own JPEG. What does not begin like one is left out: no player could show it.
func (f *Feed) pass(frame sink.Frame) {
	if d := frame.Data; len(d) < 4 || d[0] != 0xff || d[1] != 0xd8 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deliver(Picture{JPEG: frame.Data, Time: frame.Time, Opening: frame.Opening}, false)
}

func (f *Feed) due(t time.Duration, encoded bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.Consumers {
		if c.Due(t, encoded) {
			return true
		}
	}
	return false
}

// deliver gives the picture to the consumers that need one. The caller holds mu.
func (f *Feed) deliver(p Picture, encoded bool) {
	for _, c := range f.Consumers {
		if c.Due(p.Time, encoded) {
			c.Picture(p)
		}
	}
}

// hand copies the frame for the encoding goroutine, unless that is busy.
func (f *Feed) hand(frame sink.Frame) {
	if !f.busy.CompareAndSwap(false, true) {
		return
	}
	f.init()
	f.job = job{
		data: append(f.job.data[:0], frame.Data...), format: frame.Format, at: frame.Time, opening: frame.Opening,
		views: frame.Views, generation: f.generation,
	}
	f.work <- struct{}{}
}

// Run encodes pictures until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	f.init()
	defer f.close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.work:
		}
		f.encode()
		f.busy.Store(false)
	}
}

func (f *Feed) encode() {
	j := &f.job
	jpeg, err := f.make(j.format, j.data, f.Side, j.views, f)
	switch {
	case err == nil:
		f.mu.Lock()
		if j.generation == f.generation {
			f.deliver(Picture{JPEG: jpeg, Time: j.at, Opening: j.opening}, true)
		}
		f.mu.Unlock()
	case f.OnError != nil:
		f.OnError(err)
	}
	clear(j.data)
	f.wipe()
}

// Wipe implements sink.Tap.
func (f *Feed) Wipe() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.generation++
	f.views = 0
	f.wipeConsumers()
}

func (f *Feed) wipeConsumers() {
	for _, c := range f.Consumers {
		c.Wipe()
	}
}
