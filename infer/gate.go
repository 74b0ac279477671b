package infer

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Gate keeps the model from running on windows in which nothing moves.
//
// The picture is divided into gateCells x gateCells cells. A cell's motion in a window is the range of its mean brightness
// over the window's frames, so fast and slow movement both show. Brightness is measured relative to the whole picture, so
// automatic exposure or a lamp that lights everything does not count as motion. The mean removes sensor noise.
//
// Some things move all the time and are no action: rain, leaves, a screen. The Gate learns them: a cell's threshold is
// gateFactor times the motion that it usually had while there was no action. It never learns from an action. Noise that is
// in all cells, as in a dark room, is known at once: the quarter of the cells with the least motion rarely shows anything
// else.
//
// A Gate belongs to one Pipeline, whose goroutine calls it. A nil *Gate is always open.
type Gate struct {
	width, height int
	heartbeat     time.Duration

	sums   []uint32    // of the newest frame, by cell
	pixels []float32   // by cell, in values: pixels x 3
	sorted []float32   // scratch, for medians
	cells  [][]float32 // means of the last frames; cells[n%frames] is the n-th frame's
	n      uint64      // frames since the last gap, which may be years ago

	at     time.Duration // of the window that was measured last
	motion []float32     // of that window, by cell
	moving bool          // more of it than usual
	usual  []float32     // motion while there was no action, by cell
	learnt time.Duration // window of the last change to usual; 0 before the first
	ran    time.Duration // window of the last run that the Gate allowed
	any    bool          // there was such a run since the last gap
}

const (
	gateCells = 12
	// gateFloor is motion that is always taken for nothing, in levels of 255 when the picture's median is 128. Compression
	// and sensor noise, averaged over a cell, stay below it.
	gateFloor = 2.5
	// gateNoise is the most motion that counts as noise when three cells of four have more: it may be something large.
	gateNoise = 20
	// gateFactor times the usual motion is more than the variation of rain.
	gateFactor = 2.5
	// gateMoving cells must move: one alone may be a flicker.
	gateMoving = 2
	// gateLearning is the time constant of the usual motion.
	gateLearning = 15 * time.Second
	// gateDark is the median below which a picture is not brightened further, because that would brighten its noise.
	gateDark = 24
)

// CanGate reports whether a Gate is possible for windows of that size.
func CanGate(width, height, frames int) bool {
	return width >= gateCells && height >= gateCells && frames >= 2
}

// NewGate returns a Gate for windows of that many frames, [height,width,3] u8. It opens at least once every heartbeat, so
// the model also sees what the Gate misses.
func NewGate(width, height, frames int, heartbeat time.Duration) (*Gate, error) {
	if !CanGate(width, height, frames) || heartbeat <= 0 {
		return nil, fmt.Errorf("infer: motion gate for %d frames of %dx%d with a heartbeat of %v: needs at least 2 frames of %dx%d and a heartbeat above 0s",
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
	g.sum(rgb)
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

// sum adds up the frame's values by cell.
func (g *Gate) sum(rgb []byte) {
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
}

// hold takes the last frame once more.
func (g *Gate) hold() {
	if g != nil {
		copy(g.cell(g.n), g.cell(g.n-1))
		g.n++
	}
}

// measure measures the motion of the window that ends now, at t.
func (g *Gate) measure(t time.Duration) {
	if g == nil {
		return
	}
	g.at = t
	for i := range g.motion {
		low, high := float32(math.Inf(1)), float32(math.Inf(-1))
		for _, means := range g.cells[:min(g.n, uint64(len(g.cells)))] {
			low, high = min(low, means[i]), max(high, means[i])
		}
		g.motion[i] = high - low
	}
	g.moving = g.movingCells() >= gateMoving
}

// movingCells counts the cells with more motion than usual.
func (g *Gate) movingCells() (n int) {
	copy(g.sorted, g.motion)
	slices.Sort(g.sorted)
	noise := min(g.sorted[len(g.sorted)/4], gateNoise)
	for i, motion := range g.motion {
		if motion > gateFloor+gateFactor*max(noise, g.usual[i]) {
			n++
		}
	}
	return n
}

// open reports whether the model should run on the window that was measured last.
func (g *Gate) open() bool {
	return g == nil || g.moving || !g.any || g.at-g.ran >= g.heartbeat || g.at < g.ran
}

// noteRun starts a new heartbeat: the model runs on the window that was measured last.
func (g *Gate) noteRun() {
	if g != nil {
		g.any, g.ran = true, g.at
	}
}

// learn takes the motion of the window that was measured last for usual.
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

// reset forgets the frames, but not the usual motion.
func (g *Gate) reset() {
	if g != nil {
		g.n, g.any = 0, false
	}
}
