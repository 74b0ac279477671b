package follow

import (
	"cmp"
	"slices"
)

// tracker joins the blobs of each picture into targets.
type tracker struct {
	frames  int // T: how long a trail each target keeps, in ticks
	max     int // confirmed targets at most
	targets []*target
	nextID  int

	free   [][]box // trails of targets that are gone
	pairs  []pair
	taken  []int // by blob: how many targets it holds
	placed []bool
}

// pair is a target that a blob may be.
type pair struct {
	target, blob int
	cost         float64
}

func newTracker(frames, most, firstID int) *tracker {
	return &tracker{frames: frames, max: most, nextID: firstID}
}

// loneArea is the size, in sizes of a target, up to which a blob may be that target alone.
const loneArea = 1.3

// maxTentative bounds the targets that may still be noise.
const maxTentative = 32

// advance moves all targets on by one tick.
func (k *tracker) advance(blobs []blob) {
	k.taken = slices.Grow(k.taken[:0], len(blobs))[:len(blobs)]
	clear(k.taken)
	k.placed = slices.Grow(k.placed[:0], len(k.targets))[:len(k.targets)]
	clear(k.placed)
	k.share(blobs)
	k.match(blobs)
	k.rejoin(blobs)
	for i, t := range k.targets {
		if !k.placed[i] {
			t.miss()
		}
	}
	k.drop((*target).lost)
	for j, b := range blobs {
		if k.taken[j] == 0 && len(k.targets) < k.max+maxTentative {
			k.begin(b.box)
		}
	}
}

// share finds blobs that hold several targets, people who pass each other, and moves each of these as it went before.
func (k *tracker) share(blobs []blob) {
	for j, b := range blobs {
		inside, small := 0, false
		for i, t := range k.targets {
			if k.holds(b, t, i) {
				inside++
				small = small || b.box.area() < loneArea*t.box.area()
			}
		}
		if inside < 2 {
			continue
		}
		for i, t := range k.targets {
			if k.holds(b, t, i) {
				t.guess(b.box, small && k.taken[j] > 0) // the first is the oldest: it stays
				k.placed[i] = true
				k.taken[j]++
			}
		}
	}
}

// holds reports whether the target should be in the blob.
func (k *tracker) holds(b blob, t *target, i int) bool {
	return !k.placed[i] && t.confirmed && t.misses <= keepTentative &&
		t.predicted().coverage(b.box) > 0.6
}

// match gives each target the blob that lies nearest to where it should be.
func (k *tracker) match(blobs []blob) {
	k.pairs = k.pairs[:0]
	for i, t := range k.targets {
		if k.placed[i] {
			continue
		}
		for j, b := range blobs {
			if cost, ok := mismatch(t, b.box); ok && k.taken[j] == 0 {
				k.pairs = append(k.pairs, pair{i, j, cost})
			}
		}
	}
	slices.SortFunc(k.pairs, func(a, b pair) int { return cmp.Compare(a.cost, b.cost) })
	for _, p := range k.pairs {
		if k.placed[p.target] || k.taken[p.blob] > 0 {
			continue
		}
		k.targets[p.target].found(blobs[p.blob].box)
		k.placed[p.target] = true
		k.taken[p.blob]++
	}
}

// mismatch is how unlike the blob is to what the target should be; ok is false if it cannot be the target.
func mismatch(t *target, b box) (cost float64, ok bool) {
	p := t.predicted()
	size := max(p.width(), p.height(), 12)
	reach := 0.5 + 0.1*float64(min(t.misses, 5))
	if !t.confirmed {
		reach += 0.2
	}
	distance := p.distance(b) / size
	ratio := max(p.area(), 1) / max(b.area(), 1)
	ratio = max(ratio, 1/ratio)
	if distance > reach && p.overlap(b) < 0.2 || ratio > 5 {
		return 0, false
	}
	cost = distance + 0.15*(ratio-1) - 0.5*p.overlap(b)
	if !t.confirmed {
		cost++ // a known target goes first
	}
	return cost, true
}

// rejoin gives parts of a target that were found as blobs of their own, legs below a coat say, to the target.
func (k *tracker) rejoin(blobs []blob) {
	for j, b := range blobs {
		if k.taken[j] > 0 {
			continue
		}
		for i, t := range k.targets {
			if !k.placed[i] || t.crowded || b.box.coverage(t.box) < 0.4 || b.box.centreX() < t.box.x0 || b.box.centreX() > t.box.x1 {
				continue
			}
			if whole := t.box.union(b.box); whole.area() < 1.6*t.box.area() {
				t.box = t.box.mix(whole, 0.5)
				t.trail[t.at] = t.box
			}
			k.taken[j]++
			break
		}
	}
}

// drop removes the targets for which gone holds.
func (k *tracker) drop(gone func(*target) bool) {
	k.targets = slices.DeleteFunc(k.targets, func(t *target) bool {
		if gone(t) {
			k.free = append(k.free, t.trail)
			return true
		}
		return false
	})
}

func (k *tracker) begin(b box) {
	var trail []box
	if n := len(k.free); n > 0 {
		trail, k.free = k.free[n-1], k.free[:n-1]
	} else {
		trail = make([]box, k.frames)
	}
	k.targets = append(k.targets, newTarget(k.nextID, b, trail))
	k.nextID++
}

// reset drops all targets. Ids go on.
func (k *tracker) reset() {
	for _, t := range k.targets {
		k.free = append(k.free, t.trail)
	}
	k.targets = k.targets[:0]
}
