package capture

import (
	"context"
	"fmt"
	"time"

	"edged/capture/internal/wait"
	"edged/capture/pixel"
	"edged/internal/clock"
)

// Pattern is a camera without hardware. It draws a figure that crosses a street from left to right, and back, for ever: 4:2:0,
// 640x480, in real time.
type Pattern struct {
	FrameRate float64   // 0 means 30
	Counters  *Counters // may be nil
}

const (
	patternWidth, patternHeight = 640, 480
	figureWidth, figureHeight   = 96, 240
	figureTop                   = 150

	crossing = 4 * time.Second // from one side to the other
	rest     = 2 * time.Second // outside the picture
)

func (p *Pattern) String() string { return Spec{Kind: KindPattern}.String() }

// Run draws until ctx ends.
func (p *Pattern) Run(ctx context.Context, sink Sink) error {
	if p.Counters == nil {
		p.Counters = new(Counters)
	}
	rate := p.FrameRate
	if rate <= 0 {
		rate = defaultFrameRate
	}
	timer, err := wait.NewTimer(ctx)
	if err != nil {
		return fmt.Errorf("capture: %s: timer: %w", p, err)
	}
	defer timer.Close()
	canvas := newCanvas()
	epoch := clock.Monotonic()
	frame := Frame{
		Format:  pixel.Format{FourCC: pixel.YUV420, Width: patternWidth, Height: patternHeight},
		Data:    canvas.picture,
		Restart: true,
	}
	for n := int64(0); ; n++ {
		t := nth(n, rate)
		if err := timer.Until(epoch + t); err != nil {
			return err
		}
		canvas.draw(t)
		frame.Time = epoch + t
		p.Counters.Frames.Add(1)
		sink(&frame)
		frame.Sequence++
		frame.Restart = false
	}
}

// canvas holds the empty scene and the picture with the figure drawn over the scene.
type canvas struct{ scene, picture []byte }

func newCanvas() *canvas {
	c := &canvas{scene: make([]byte, patternWidth*patternHeight*3/2)}
	luma, chroma := c.scene[:patternWidth*patternHeight], c.scene[patternWidth*patternHeight:]
	for y := range patternHeight {
		for x := range patternWidth {
			v := 150 - y/8 + texture(x/40, y/40)/8 // paving
			if y < patternHeight/3 {
				v = 170 + y/8 + texture(x/64, 7)/6 // houses
			}
			luma[y*patternWidth+x] = byte(v)
		}
	}
	for i := range chroma {
		chroma[i] = 128
	}
	c.picture = append([]byte(nil), c.scene...)
	return c
}

// texture returns a number from 0 to 255 that looks random and is always the same for x and y.
func texture(x, y int) int {
	h := uint32(x)*0x9e3779b1 ^ uint32(y)*0x85ebca6b
	h = (h ^ h>>15) * 0x2c1b3c6d
	return int(h >> 24)
}

// draw puts the figure where it is at time t.
func (c *canvas) draw(t time.Duration) {
	copy(c.picture, c.scene)
	in := t % (2 * (crossing + rest))
	back := in >= crossing+rest
	if back {
		in -= crossing + rest
	}
	if in >= crossing {
		return
	}
	left := int(float64(patternWidth+figureWidth)*in.Seconds()/crossing.Seconds()) - figureWidth
	if back {
		left = patternWidth - figureWidth - left
	}
	c.figure(left)
}

func (c *canvas) figure(left int) {
	chroma := c.picture[patternWidth*patternHeight:]
	size := len(chroma) / 2
	for y := range figureHeight {
		from, to := outline(y)
		for x := max(from, -left); x < min(to, patternWidth-left); x++ {
			row, column := figureTop+y, left+x
			c.picture[row*patternWidth+column] = byte(35 + texture(x/12, y/12)/5)
			at := row/2*patternWidth/2 + column/2
			chroma[at], chroma[size+at] = 110, 165
		}
	}
}

// outline returns the columns that the figure, a head on a body, fills in row y.
func outline(y int) (from, to int) {
	const head = 56
	half := figureWidth / 2
	if y < head {
		half = figureWidth / 4
	}
	return figureWidth/2 - half, figureWidth/2 + half
}
