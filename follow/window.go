package follow

import "math"

// Window calls push with each frame of the window that ends now, oldest first: the target's square, scaled to [size,size,3] in buffer. Other targets
// are painted over with the background, so that the model sees one. Picture returns the picture of so many ticks ago (0: the newest), valid until
// it is called again, or nil if it is gone. The id Whole stands for the middle of the picture, with everything in it. Window reports whether the window is whole: all pictures were there, and so is the target.
func (f *Follower) Window(id uint64, buffer []byte, size int, picture func(age int) []byte, push func(rgb []byte)) bool {
	t, ok := f.target(id)
	if !ok || f.filled < f.o.Frames {
		return false
	}
	for age := f.o.Frames - 1; age >= 0; age-- {
		rgb := picture(age)
		if rgb == nil {
			return false
		}
		square := f.middle()
		if t != nil {
			if square = t.square; f.crowd(t, age) {
				rgb = f.alone(t, rgb, age)
			}
		}
		cut(buffer, size, rgb, f.o.Width, f.o.Height, square)
		push(buffer)
	}
	return true
}

// Whole is the id of no target: it stands for the whole picture.
const Whole = 0

// target returns the target with that id; nil stands for the whole picture.
func (f *Follower) target(id uint64) (t *target, ok bool) {
	if id == Whole {
		return nil, true
	}
	for _, t := range f.tracker.targets {
		if uint64(t.id) == id {
			return t, true
		}
	}
	return nil, false
}

// middle is the largest square in the middle of the picture.
func (f *Follower) middle() box {
	w, h := float64(f.o.Width), float64(f.o.Height)
	side := min(w, h)
	x, y := math.Floor((w-side)/2), math.Floor((h-side)/2)
	return box{x, y, x + side, y + side}
}

// crowd reports whether another target was in the square so many ticks ago.
func (f *Follower) crowd(t *target, age int) bool {
	for _, other := range f.tracker.targets {
		if other != t && other.confirmed && other.past(age).intersects(t.square) {
			return true
		}
	}
	return false
}

// paintMargin is added to each side of what is painted over, as a part of its size: a moving target's box is a guess.
const paintMargin = 0.2

// alone returns the square of rgb without the other targets, in a picture that is valid until the next call.
func (f *Follower) alone(t *target, rgb []byte, age int) []byte {
	f.copyBox(rgb, t.square)
	for _, other := range f.tracker.targets {
		if other != t && other.confirmed {
			f.finder.paint(f.scratch, other.past(age).grown(paintMargin).intersection(t.square))
		}
	}
	// Where the two overlap, the target stays.
	f.copyBox(rgb, t.past(age).intersection(t.square))
	return f.scratch
}

// copyBox copies the box's part of rgb to the scratch picture.
func (f *Follower) copyBox(rgb []byte, b box) {
	if b.area() <= 0 {
		return
	}
	for y := int(b.y0); y < min(int(b.y1)+1, f.o.Height); y++ {
		row := y * f.o.Width
		from, to := 3*(row+int(b.x0)), 3*(row+min(int(b.x1)+1, f.o.Width))
		copy(f.scratch[from:to], rgb[from:to])
	}
}
