package pixel

/*
#cgo noescape pixel_source
#cgo nocallback pixel_source
#include "decode.h"
*/
import "C"

import "math"

// Point is a place in a picture: 0,0 is its top left corner, 1,1 its bottom right one.
type Point struct{ X, Y float64 }

// mask blacks out polygons of the source picture in the decoder's results.
type mask struct {
	polygons              [][]Point
	sourceWidth, sourceHt int    // of the picture that spans is for
	spans                 []span // in the result
}

// span is a run of the result's bytes.
type span struct{ begin, end int }

// Mask blacks out these polygons of every picture from now on, before Decode returns. They are rounded outwards: a pixel of
// the result that shows any of a polygon is black.
func (d *Decoder) Mask(polygons [][]Point) { d.mask = mask{polygons: polygons} }

// blacken applies the mask to a result.
func (d *Decoder) blacken(dst []byte) {
	if len(d.mask.polygons) == 0 {
		return
	}
	var w, h C.int
	C.pixel_source(d.c, &w, &h)
	d.mask.fit(int(w), int(h), d.width, d.height)
	for _, s := range d.mask.spans {
		clear(dst[s.begin:s.end])
	}
}

// fit works the spans out for source pictures of this size. The result is the source's centre, in the result's aspect.
func (m *mask) fit(sourceWidth, sourceHeight, width, height int) {
	if m.sourceWidth == sourceWidth && m.sourceHt == sourceHeight {
		return
	}
	m.sourceWidth, m.sourceHt, m.spans = sourceWidth, sourceHeight, nil
	scale := math.Min(float64(sourceWidth)/float64(width), float64(sourceHeight)/float64(height))
	shown := Point{scale * float64(width) / float64(sourceWidth), scale * float64(height) / float64(sourceHeight)}
	// toResult turns a place in the source into pixels of the result.
	toResult := func(p Point) Point {
		return Point{(p.X - (1-shown.X)/2) / shown.X * float64(width), (p.Y - (1-shown.Y)/2) / shown.Y * float64(height)}
	}
	black := make([]bool, width*height)
	for _, polygon := range m.polygons {
		scaled := make([]Point, len(polygon))
		for i, p := range polygon {
			scaled[i] = toResult(p)
		}
		cover(black, width, height, scaled)
	}
	m.spans = spansOf(black)
}

// cover marks what the polygon covers: pixels whose neighbourhood has a point within, and those that an edge comes near, so
// that what scaling has mixed in from there is covered, too.
func cover(black []bool, width, height int, polygon []Point) {
	const steps = 4
	for y := range height {
		for x := range width {
			for i := range (steps + 1) * (steps + 1) {
				at := Point{
					float64(x) - 0.5 + 2*float64(i%(steps+1))/steps,
					float64(y) - 0.5 + 2*float64(i/(steps+1))/steps,
				}
				if within(at, polygon) {
					black[y*width+x] = true
					break
				}
			}
		}
	}
	for i, a := range polygon {
		b := polygon[(i+1)%len(polygon)]
		points := 2 + int(4*math.Hypot(b.X-a.X, b.Y-a.Y))
		for k := range points {
			t := float64(k) / float64(points-1)
			px, py := a.X+t*(b.X-a.X), a.Y+t*(b.Y-a.Y)
			for y := int(math.Floor(py - 0.5)); y <= int(math.Floor(py+0.5)); y++ {
				for x := int(math.Floor(px - 0.5)); x <= int(math.Floor(px+0.5)); x++ {
					if x >= 0 && x < width && y >= 0 && y < height {
						black[y*width+x] = true
					}
				}
			}
		}
	}
}

// within says whether the point lies in the polygon, by the even-odd rule.
func within(p Point, polygon []Point) bool {
	inside := false
	for i, a := range polygon {
		b := polygon[(i+1)%len(polygon)]
		if (a.Y > p.Y) != (b.Y > p.Y) && p.X < a.X+(p.Y-a.Y)/(b.Y-a.Y)*(b.X-a.X) {
			inside = !inside
		}
	}
	return inside
}

func spansOf(black []bool) (spans []span) {
	for i := 0; i < len(black); i++ {
		if !black[i] {
			continue
		}
		begin := i
		for i < len(black) && black[i] {
			i++
		}
		spans = append(spans, span{3 * begin, 3 * i})
	}
	return spans
}
