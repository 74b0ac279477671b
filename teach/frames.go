package teach

import (
	"slices"
	"sync"
	"time"
)

// Encoder makes JPEGs. *pixel.Encoder of package capture is one.
type Encoder interface {
	// Encode returns a JPEG that is valid until the next call.
	Encode(rgb []byte, width, height, quality int) ([]byte, error)
	Wipe()
	Close()
}

const (
	// picturesAge is how long the pictures of moments are kept.
	picturesAge = time.Minute
	// picturesBytes bounds the pictures of a view. A minute of the starter model takes about 2 MB.
	picturesBytes = 8 << 20

	// PictureQuality as libjpeg counts it: the model must still recognise what it shows.
	PictureQuality = 90
)

// frames keeps the model's pictures of the last minute as JPEGs. The model's goroutine hands in raw frames; another one encodes those that belong to a
// window. It allocates nothing once it is full.
type frames struct {
	width, height int
	perWindow     int           // frames of a window
	step          time.Duration // from one frame to the next
	follows       bool          // each window has frames of its own

	mu     sync.Mutex // guards all below
	raw    [][]byte   // ring of the newest frames
	pushed uint64     // frames so far; frame n lies in raw[n%len(raw)]
	queued uint64     // frames up to this one were queued
	queue  []queued   // to be encoded, the oldest first
	group  uint64     // of the window whose frames were queued last
	kept   []kept     // ring of JPEGs
	first  uint64     // number of the oldest
	next   uint64     // number of the next one
	bytes  int        // of the JPEGs that are kept
	before uint64     // frames at the last call of expire
	lost   uint64     // frames that were overwritten before they were encoded
}

// queued is a frame that waits for the encoder.
type queued struct {
	n     uint64
	time  time.Duration
	group uint64
	track uint64
}

// kept is a picture.
type kept struct {
	time  time.Duration
	group uint64
	track uint64
	jpeg  []byte
}

func newFrames(o ViewOptions) *frames {
	f := &frames{width: o.Width, height: o.Height, perWindow: o.Frames, follows: o.Follows}
	if o.FrameRate > 0 {
		f.step = time.Duration(float64(time.Second) / o.FrameRate)
	}
	f.raw = make([][]byte, 2*max(1, o.Frames))
	for i := range f.raw {
		f.raw[i] = make([]byte, 3*o.Width*o.Height)
	}
	f.kept = make([]kept, places(o, f.step))
	f.queue = make([]queued, 0, len(f.raw))
	return f
}

// places is for how many pictures there is room: those of a minute, of each target, unless they would take more than picturesBytes. A JPEG takes about an
// eighth of the raw picture.
func places(o ViewOptions, step time.Duration) int {
	n, least := 0, 2*max(1, o.Frames)
	if step > 0 {
		n = int(picturesAge/step) * max(1, o.Targets)
	}
	return max(least, min(n, picturesBytes/o.share()/max(1, 3*o.Width*o.Height/8)))
}

// push takes a frame, [H,W,3] u8, which it copies.
func (f *frames) push(rgb []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	copy(f.raw[f.pushed%uint64(len(f.raw))], rgb)
	f.pushed++
}

// hold takes the last frame once more.
func (f *frames) hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pushed > 0 {
		copy(f.raw[f.pushed%uint64(len(f.raw))], f.raw[(f.pushed-1)%uint64(len(f.raw))])
		f.pushed++
	}
}

// window says that the newest frames are those of a window that ends at t. It returns true if there is something to encode.
func (f *frames) window(t time.Duration, track uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := min(f.pushed-f.queued, uint64(f.perWindow), f.pushed)
	if f.follows {
		if f.rested(t, track) {
			f.group++
		} else {
			n = 0
		}
	}
	f.queued = f.pushed
	for i := f.pushed - n; i < f.pushed; i++ {
		if len(f.queue) == cap(f.queue) {
			f.lost++
			continue
		}
		f.queue = append(f.queue, queued{i, t - time.Duration(f.pushed-1-i)*f.step, f.group, track})
	}
	return len(f.queue) > 0
}

// rested reports whether the last pictures of the target are older than a window: the frames of a window that follows a target are cut anew for each.
func (f *frames) rested(t time.Duration, track uint64) bool {
	length := time.Duration(f.perWindow) * f.step
	for _, q := range f.queue {
		if q.track == track && t-q.time < length {
			return false
		}
	}
	for n := f.next; n > f.first; n-- {
		k := f.at(n - 1)
		if k.track == track {
			return t-k.time >= length
		}
		if t-k.time >= 2*length { // all that come now are older: the pictures of a window go back by its length
			return true
		}
	}
	return true
}

func (f *frames) at(n uint64) *kept { return &f.kept[n%uint64(len(f.kept))] }

// take copies the next frame that waits for the encoder to rgb.
func (f *frames) take(rgb []byte) (q queued, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.queue) > 0 {
		q = f.queue[0]
		f.queue = slices.Delete(f.queue, 0, 1)
		if f.pushed-q.n <= uint64(len(f.raw)) {
			copy(rgb, f.raw[q.n%uint64(len(f.raw))])
			return q, true
		}
		f.lost++
	}
	return q, false
}

// keep adds a picture. One of a view that was wiped meanwhile is dropped.
func (f *frames) keep(q queued, jpeg []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if q.n >= f.pushed {
		return
	}
	for f.first < f.next && (f.next-f.first == uint64(len(f.kept)) || f.bytes+len(jpeg) > picturesBytes || q.time-f.at(f.first).time > picturesAge) {
		f.drop()
	}
	k := f.at(f.next)
	*k = kept{q.time, q.group, q.track, append(k.jpeg[:0], jpeg...)}
	f.bytes += len(jpeg)
	f.next++
}

// drop erases the oldest picture. The caller holds mu.
func (f *frames) drop() {
	f.bytes -= len(f.at(f.first).jpeg)
	clear(f.at(f.first).jpeg)
	f.first++
}

// expire erases what is too old at a time, and the raw frames of a camera that has been silent since the last call.
func (f *frames) expire(now time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.first < f.next && now-f.at(f.first).time > picturesAge {
		f.drop()
	}
	if f.pushed == f.before { // the camera has been silent since the last call
		for _, r := range f.raw {
			clear(r)
		}
	}
	f.before = f.pushed
}

// of returns the places of the pictures of the windows from one time to another, in order. The caller holds mu.
func (f *frames) of(from, until time.Duration, track uint64) (places []uint64) {
	length := time.Duration(f.perWindow) * f.step
	group := uint64(0)
	if f.follows {
		from = until
		if group = f.nearest(until, track); group == 0 {
			return nil
		}
	}
	for n := f.first; n < f.next; n++ {
		k := f.at(n)
		if f.follows && k.group == group || !f.follows && k.time > from-length && k.time <= until+f.step/2 {
			places = append(places, n)
		}
	}
	return places
}

// nearest returns the group of the target whose last picture is nearest to t, at most a window's length away; 0: there is none.
func (f *frames) nearest(t time.Duration, track uint64) (group uint64) {
	best := time.Duration(f.perWindow) * f.step
	for n := f.first; n < f.next; n++ {
		if k := f.at(n); k.track == track {
			if d := max(t-k.time, k.time-t); d <= best {
				best, group = d, k.group
			}
		}
	}
	return group
}

// count returns how many pictures the window that ends at t has.
func (f *frames) count(t time.Duration, track uint64) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.first == f.next || t < f.at(f.first).time {
		return 0
	}
	return min(len(f.of(t, t, track)), f.perWindow)
}

// pictures returns copies of the pictures of the windows from one time to another, at most so many: those before until.
func (f *frames) pictures(from, until time.Duration, track uint64, most int) (jpegs [][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	places := f.of(from, until, track)
	for _, n := range places[max(0, len(places)-most):] {
		jpegs = append(jpegs, slices.Clone(f.at(n).jpeg))
	}
	return jpegs
}

// clear forgets the raw frames, as after a gap: a window that spans it has none of them.
func (f *frames) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queued = f.pushed
}

// wipe overwrites everything.
func (f *frames) wipe() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.raw {
		clear(r)
	}
	for i := range f.kept {
		clear(f.kept[i].jpeg[:cap(f.kept[i].jpeg)])
	}
	f.pushed, f.queued, f.queue = 0, 0, f.queue[:0]
	f.first, f.bytes = f.next, 0
}
