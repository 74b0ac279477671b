package follow

import "math"

// target is one thing that moves, from the first picture that shows it to the last.
type target struct {
	id         int
	box        box     // now
	vx, vy     float64 // pixels a tick
	first      box     // where it was seen first
	farthest   float64 // greatest distance from there so far, in its own heights
	way        float64 // length of its way so far, in pixels
	hits       int     // ticks in which it was found
	misses     int     // ticks in a row in which it was not
	still      int     // ticks in a row in which it did not move
	anchor     box     // where it was when still began
	confirmed  bool    // no longer taken for noise
	crowded    bool    // shares its blob with another target, so that its size is a guess
	doubled    int     // ticks in a row in which an older target was in the same blob, which is too small for two
	steady     int     // ticks in which it was found where it was before
	square     box     // what was cut for the last window
	trail      []box   // the last boxes, newest at trail[at]
	at, filled int
}

const (
	// confirmHits ticks, of which few are missing, tell a target from noise.
	confirmHits = 5
	// confirmTravel, in heights, tells what goes somewhere from leaves that wave in their place.
	confirmTravel = 0.3
	// confirmStraight is the least part of its way by which a target that goes somewhere gets away from where it began.
	confirmStraight = 0.6
	// confirmPatience ticks confirm what stays in one place but is there all the time.
	confirmPatience = 24
	// doubt is the number of ticks after which a target that never moved may be a hole that something left.
	doubt = 4
	// keepTentative and keepConfirmed are the ticks after which a target that is not found any more is given up.
	keepTentative, keepConfirmed = 2, 12
	// keepDoubled is the ticks after which a target that shares a small blob with another one is taken for the same.
	keepDoubled = 16
)

func newTarget(id int, b box, trail []box) *target {
	t := &target{id: id, box: b, first: b, anchor: b, hits: 1, trail: trail}
	t.record()
	return t
}

// predicted returns where the target should be one tick later.
func (t *target) predicted() box {
	// What was not found for a while has perhaps stopped behind something.
	ease := math.Pow(0.85, float64(t.misses))
	return t.box.moved(t.vx*ease, t.vy*ease)
}

// found moves the target to where it was found.
func (t *target) found(b box) {
	before := t.box
	p := t.predicted()
	at := p.mix(b, 0.7)
	size := 0.4
	if t.hits < 4 {
		size = 0.7
	}
	w, h := p.width()+size*(b.width()-p.width()), p.height()+size*(b.height()-p.height())
	// Sizes change slowly, but where the box ends is seen: keep the edge that moved least in doubt at the feet.
	cx, foot := at.centreX(), p.y1+0.7*(b.y1-p.y1)
	t.box = box{cx - w/2, foot - h, cx + w/2, foot}
	t.steer(before)
	t.way += before.distance(t.box)
	if before.overlap(b) > 0.3 {
		t.steady++
	}
	t.hits++
	t.misses = 0
	t.crowded, t.doubled = false, 0
	t.settle()
	t.record()
}

// guess moves the target where it is expected, inside the blob that it shares with others. Double says that the blob is too small for two, and that an older
// target is in it.
func (t *target) guess(blob box, double bool) {
	before := t.box
	p := t.predicted()
	dx := max(blob.x0-p.x0, 0) + min(blob.x1-p.x1, 0)
	dy := max(blob.y0-p.y0, 0) + min(blob.y1-p.y1, 0)
	if p.width() > blob.width() {
		dx = blob.centreX() - p.centreX()
	}
	if p.height() > blob.height() {
		dy = blob.y1 - p.y1
	}
	t.box = p.moved(dx, dy)
	t.vx = 0.9*t.vx + 0.1*(t.box.centreX()-before.centreX())
	t.vy = 0.9*t.vy + 0.1*(t.box.centreY()-before.centreY())
	t.hits++
	t.misses = 0
	t.crowded = true
	if t.doubled++; !double {
		t.doubled = 0
	}
	t.settle()
	t.record()
}

// miss lets the target go on as it went.
func (t *target) miss() {
	t.box = t.predicted()
	t.misses++
	t.record()
}

func (t *target) steer(before box) {
	ease := 0.35
	if t.hits < 4 {
		ease = 0.6
	}
	t.vx += ease * (t.box.centreX() - before.centreX() - t.vx)
	t.vy += ease * (t.box.y1 - before.y1 - t.vy)
}

// settle notes how far the target has come and how long it has not moved, and confirms it.
func (t *target) settle() {
	h := max(t.box.height(), 1)
	t.farthest = max(t.farthest, t.box.distance(t.first)/h)
	t.still++
	if t.box.distance(t.anchor) > 0.25*h {
		t.still, t.anchor = 0, t.box
	}
	if t.hits >= confirmHits && t.farthest >= confirmTravel && t.straight() || t.steady >= confirmPatience {
		t.confirmed = true
	}
}

// straight reports whether the target goes somewhere, instead of to and fro as raindrops that are taken for one.
func (t *target) straight() bool { return t.box.distance(t.first) > confirmStraight*t.way }

// visible reports whether the model should look at the target: it is no noise, and was found lately.
func (t *target) visible() bool { return t.confirmed && t.misses <= keepTentative }

func (t *target) lost() bool {
	if t.doubled > keepDoubled {
		return true
	}
	if t.confirmed {
		return t.misses > keepConfirmed
	}
	return t.misses > keepTentative
}

func (t *target) record() {
	t.at = (t.at + 1) % len(t.trail)
	t.trail[t.at] = t.box
	t.filled = min(t.filled+1, len(t.trail))
}

// extent is the smallest box around all places of the target in the last n ticks. Where it is younger, its way is continued backwards.
func (t *target) extent(n int) box {
	e := t.box
	for i := range min(n, t.filled) {
		e = e.union(t.trail[(t.at-i+len(t.trail))%len(t.trail)])
	}
	if missing := n - t.filled; missing > 0 {
		oldest := t.trail[(t.at-t.filled+1+len(t.trail))%len(t.trail)]
		e = e.union(oldest.moved(-t.vx*float64(missing), -t.vy*float64(missing)))
	}
	return e
}

// neverMoved reports whether the target may be a place that something left: it is where it was found first.
func (t *target) neverMoved() bool {
	return t.hits >= doubt && t.hits%doubt == 0 && t.farthest < confirmTravel && t.misses == 0
}

// past returns where the target was so many ticks ago. A target that is younger was where its way, continued backwards, began.
func (t *target) past(age int) box {
	if age < t.filled {
		return t.trail[(t.at-age+len(t.trail))%len(t.trail)]
	}
	oldest := t.trail[(t.at-t.filled+1+len(t.trail))%len(t.trail)]
	before := float64(age - t.filled + 1)
	return oldest.moved(-t.vx*before, -t.vy*before)
}
