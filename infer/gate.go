package infer

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Gate says whether anything has moved in a window: where nothing has, the model need not look.
//
// The picture is divided into gateCells x gateCells cells. A window's motion in a cell is how far the cell's mean brightness
// ranges over its frames, so that what is fast and what is slow both show; brightness is relative to the whole picture's, so
// that automatic exposure and a lamp that lights everything do not. Sensor noise vanishes in the mean. What moves all the
// time and is no action (rain, leaves, a screen) is learnt: each cell's threshold is gateFactor times the motion that it has
// had while the model saw nothing, and what the model takes for an action is never learnt. Noise that is in every cell (a
// dark room's) is known at once: a quarter of the cells, those with the least motion, hardly ever show anything else.
//
// A Gate belongs to one Pipeline, whose goroutine calls it. A nil *Gate is always open.
type Gate struct {
	width, height int
	heartbeat     time.Duration

	sums   []uint32    // of the frame that comes in, by cell
	pixels []float32   // by cell, in values: pixels x 3
	sorted []float32   // the frame's means, for their median
	cells  [][]float32 // means of the last frames; cells[n%frames] is the n-th frame's
	n      uint64      // frames since the last gap, which may be years ago

	motion []float32 // by cell, of the last window that was asked about
	usual  []float32 // by cell, motion while no action was on
	looked time.Duration
	at     time.Duration // of the last window that was asked about
	learnt time.Duration // when usual was last brought up to date
	any    bool          // looked is set
}

const (
	gateCells = 12
	// gateFloor is the motion, in levels of 255 at the picture's median of 128, that is always nothing: compression and
	// sensor noise, averaged over a cell, stay below.
	gateFloor = 2.5
	// gateNoise is the most that counts as noise where three cells of four have more: it may as well be something large.
	gateNoise = 20
	// gateFactor times the usual motion is more than rain makes of itself.
	gateFactor = 2.5
	// gateMoving cells make motion: one alone may be a flicker.
	gateMoving = 2
	// gateLearning is the time constant of the usual motion.
	gateLearning = 15 * time.Second
	// gateDark is the median below which a picture is no longer brightened: its noise would be, too.
	gateDark = 24
)

// CanGate says whether there can be a Gate for such windows.
func CanGate(width, height, frames int) bool {
	return width >= gateCells && height >= gateCells && frames >= 2
}

// NewGate returns a Gate for windows of that many frames, [height,width,3] u8. It is open at least once in a heartbeat, so
// that whatever it misses the model sees in the end.
func NewGate(width, height, frames int, heartbeat time.Duration) (*Gate, error) {
	if !CanGate(width, height, frames) || heartbeat <= 0 {
		return nil, fmt.Errorf("infer: motion gate for %d frames of %dx%d, every %v: at least 2 of %dx%d, and more than 0s",
			frames, width, height, heartbeat, gateCells, gateCells)
	}
	const n = gateCells * gateCells
	g := &Gate{
		width: width, height: height, heartbeat: heartbeat,
		sums: make([]uint32, n), pixels: make([]float32, n), sorted: make([]float32, n),
		motion: make([]float32, n), usual: make([]float32, n), cells: make([][]float32, frames),
	}
	for i := range g.cells {
		g.cells[i] = make([]float32, n)
	}
	for y := range height {
		for x := range width {
			g.pixels[g.row(y)+g.column(x)] += 3
		}
	}
	return g, nil
}

func (g *Gate) row(y int) int    { return y * gateCells / g.height * gateCells }
func (g *Gate) column(x int) int { return x * gateCells / g.width }

// cell returns the means of the n-th frame.
func (g *Gate) cell(n uint64) []float32 { return g.cells[n%uint64(len(g.cells))] }

// push takes a frame of the window.
func (g *Gate) push(rgb []byte) {
	if g == nil {
		return
	}
	clear(g.sums)
	for y := range g.height {
		line := rgb[3*g.width*y : 3*g.width*(y+1)]
		sums := g.sums[g.row(y) : g.row(y)+gateCells]
		for c := range sums {
			first, end := (c*g.width+gateCells-1)/gateCells, ((c+1)*g.width+gateCells-1)/gateCells
			sum := uint32(0)
			for _, v := range line[3*first : 3*end] {
				sum += uint32(v)
			}
			sums[c] += sum
		}
	}
	means := g.cell(g.n)
	for i, sum := range g.sums {
		means[i] = float32(sum) / g.pixels[i]
	}
	copy(g.sorted, means)
	slices.Sort(g.sorted)
	scale := 128 / max(g.sorted[len(g.sorted)/2], gateDark)
	for i := range means {
		means[i] *= scale
	}
	g.n++
}

// hold takes the last frame once more.
func (g *Gate) hold() {
	if g != nil {
		copy(g.cell(g.n), g.cell(g.n-1))
		g.n++
	}
}

// open says whether the model should look at the window that ends now, at t.
func (g *Gate) open(t time.Duration) bool {
	if g == nil {
		return true
	}
	g.at = t
	open := g.moving() || !g.any || t-g.looked >= g.heartbeat || t < g.looked
	if open {
		g.any, g.looked = true, t
	}
	return open
}

// moving measures the window's motion, and says whether it is more than usual.
func (g *Gate) moving() bool {
	for i := range g.motion {
		low, high := float32(math.Inf(1)), float32(math.Inf(-1))
		for _, means := range g.cells[:min(g.n, uint64(len(g.cells)))] {
			low, high = min(low, means[i]), max(high, means[i])
		}
		g.motion[i] = high - low
	}
	copy(g.sorted, g.motion)
	slices.Sort(g.sorted)
	noise := min(g.sorted[len(g.sorted)/4], gateNoise)
	cells := 0
	for i, motion := range g.motion {
		if motion > gateFloor+gateFactor*max(noise, g.usual[i]) {
			cells++
		}
	}
	return cells >= gateMoving
}

// learn takes the motion of the last window that was asked about for usual.
func (g *Gate) learn() {
	if g == nil {
		return
	}
	weight := float32(0)
	if dt := g.at - g.learnt; g.learnt != 0 && dt > 0 {
		weight = float32(-math.Expm1(-min(dt, time.Second).Seconds() / gateLearning.Seconds()))
	}
	g.learnt = g.at
	for i := range g.usual {
		g.usual[i] += weight * (g.motion[i] - g.usual[i])
	}
}

// reset forgets the frames, but not what is usual.
func (g *Gate) reset() {
	if g != nil {
		g.n, g.any = 0, false
	}
}
