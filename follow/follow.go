// Package follow finds what moves in front of a camera that stands still, and cuts a square around each such target, so that a small model sees one
// person at a time instead of a wide scene.
//
// No detector is needed: a fixed camera's picture differs from its background where something moves. The way is: finder (which regions differ),
// tracker (which regions are the same target as before), place (a square that stands still while the target crosses it), cut (the window's frames,
// scaled to the model's size). All boxes inside the package are in pixels of the pictures that it gets.
package follow

import (
	"cmp"
	"errors"
	"fmt"
)

// Options say what to follow. Zero values stand for the defaults.
type Options struct {
	Width, Height int     // of the pictures that Push gets, 32 to 1024 pixels
	Frames        int     // T: pictures in a window
	Max           int     // targets at a time; default 4
	Smallest      float64 // least height of a target, as a part of the picture's; default 0.04
	FirstID       int     // of the first target; default 1
	Still         int     // pictures after which something that no longer moves becomes background; default 960 (2 minutes at 8 a second)
}

const (
	defaultMax      = 4
	defaultSmallest = 0.04
	defaultStill    = 960
	// settleAfter pictures in a row in which nearly everything differs, the scene is taken for a new one: the light was switched.
	settleAfter = 3
	// movingAfter such pictures in a longer time, it is the camera that moves.
	movingAfter = 12
)

// Follower follows the targets of one camera. One goroutine uses it.
type Follower struct {
	o            Options
	finder       *finder
	tracker      *tracker
	scratch      []byte // a picture in which other targets are painted over
	filled       int
	strange      int // pictures in a row in which nearly everything differs
	restless     int // grows while the whole picture changes, shrinks while it does not
	shown        []Target
	isBackground func(*target) bool // background, as a value that costs no allocation
}

// Target is something that moves, as Push found it.
type Target struct {
	ID     uint64     // the same as long as it is followed; never used again
	Box    [4]float64 // x, y, width, height: 0 to 1 of the picture
	Square [4]float64 // of the crop for the window that ends now, likewise
}

// New returns a Follower without a background: it learns one from the first pictures. Close frees its C memory.
func New(o Options) (*Follower, error) {
	if o.Width < 32 || o.Height < 32 || o.Width > 1024 || o.Height > 1024 {
		return nil, fmt.Errorf("follow: pictures of %dx%d pixels: sides must be 32 to 1024", o.Width, o.Height)
	}
	if o.Frames < 1 {
		return nil, errors.New("follow: a window needs at least one frame")
	}
	o.Max = cmp.Or(o.Max, defaultMax)
	o.Smallest = cmp.Or(o.Smallest, defaultSmallest)
	o.Still = cmp.Or(o.Still, defaultStill)
	finder, err := newFinder(o.Width, o.Height)
	if err != nil {
		return nil, err
	}
	f := &Follower{o: o, finder: finder, tracker: newTracker(o.Frames, o.Max, max(o.FirstID, 1)), shown: make([]Target, 0, o.Max), scratch: make([]byte, o.Width*o.Height*3)}
	f.isBackground = f.background
	return f, nil
}

// MemoryBytes is what a Follower takes for pictures of that size, besides the pictures themselves.
func MemoryBytes(width, height int) int64 {
	const background, scratch = 12, 3 // bytes for each pixel; see struct follow_finder
	return int64(width) * int64(height) * (background + scratch)
}

// Close frees the C memory. The Follower cannot be used after it.
func (f *Follower) Close() { f.finder.close() }

// Push takes the next picture of the sampling grid, [H,W,3] u8, and moves all targets on. It keeps no part of rgb but the background.
func (f *Follower) Push(rgb []byte) {
	f.filled = min(f.filled+1, f.o.Frames)
	blobs, strange := f.finder.find(rgb, f.o.Smallest*float64(f.o.Height))
	if f.strangeScene(strange) {
		blobs = nil
	}
	f.tracker.advance(blobs)
	f.tracker.drop(f.isBackground)
	f.finder.holdBackground(f.tracker.targets)
}

// Hold stands for a tick of the sampling grid that has no picture: the targets go on as they went.
func (f *Follower) Hold() {
	f.filled = min(f.filled+1, f.o.Frames)
	f.tracker.advance(nil)
}

// strangeScene counts pictures in which nearly everything differs, and reports whether this one says nothing about targets. If that lasts, the picture
// becomes the background.
func (f *Follower) strangeScene(strange bool) bool {
	if !strange {
		f.strange = 0
		f.restless = max(f.restless-1, 0)
		return false
	}
	f.strange++
	f.restless = min(f.restless+8, 16*movingAfter)
	if f.strange >= settleAfter {
		f.strange = 0
		f.finder.accept(box{0, 0, float64(f.o.Width), float64(f.o.Height)})
		f.tracker.reset()
	}
	return true
}

// Moving reports whether the camera itself moves, so that nothing can be followed.
func (f *Follower) Moving() bool { return f.restless >= 8*movingAfter }

// background reports whether the target is a part of the scene after all, and teaches that to the finder: a place that something left, or something
// that has not moved for long.
func (f *Follower) background(t *target) bool {
	if t.neverMoved() && f.finder.left(t.box) || t.still >= f.o.Still {
		f.finder.accept(t.box)
		return true
	}
	return false
}

// Targets returns the targets that are no noise, oldest first, at most Max. The result is valid until the next call.
func (f *Follower) Targets() []Target {
	f.shown = f.shown[:0]
	w, h := float64(f.o.Width), float64(f.o.Height)
	for _, b := range f.tracker.targets {
		if !b.visible() {
			continue
		}
		if len(f.shown) == f.o.Max {
			break
		}
		b.square = place(b.square, b.extent(f.o.Frames), w, h)
		f.shown = append(f.shown, Target{ID: uint64(b.id), Box: fractions(b.box, w, h), Square: fractions(b.square, w, h)})
	}
	return f.shown
}

// Places appends to dst all targets that are no noise and were found lately, with their boxes alone.
func (f *Follower) Places(dst []Target) []Target {
	w, h := float64(f.o.Width), float64(f.o.Height)
	for _, t := range f.tracker.targets {
		if t.visible() {
			dst = append(dst, Target{ID: uint64(t.id), Box: fractions(t.box, w, h)})
		}
	}
	return dst
}

// NextID is the id of the next target that is found.
func (f *Follower) NextID() int { return f.tracker.nextID }

// Has reports whether the target is still followed. One that is hidden for a moment is.
func (f *Follower) Has(id uint64) bool {
	_, ok := f.target(id)
	return ok
}

func fractions(b box, w, h float64) [4]float64 {
	b = b.intersection(box{0, 0, w, h})
	return [4]float64{b.x0 / w, b.y0 / h, max(b.width(), 0) / w, max(b.height(), 0) / h}
}

// Forget drops all targets and wipes the background: nothing of any picture stays in memory.
func (f *Follower) Forget() {
	clear(f.scratch)
	f.filled, f.strange, f.restless = 0, 0, 0
	f.finder.forget()
	f.tracker.reset()
}
