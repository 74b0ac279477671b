package pixel

/*
#cgo noescape pixel_source
#cgo nocallback pixel_source
#cgo noescape pixel_shown
#cgo nocallback pixel_shown
#include "decode.h"
*/
import "C"

import "math"

// Point is a place in a picture: 0,0 is its top left corner, 1,1 its bottom right one.
type Point struct{ X, Y float64 }

// mask blacks out polygons of the source picture in the decoder's results for one area.
type mask struct {
	polygons [][]Point
	shown    Area // what the spans are for
	margin   float64
	spans    []span // in the result
}

// span is a run of the result's bytes.
type span struct{ begin, end int }

// Mask blacks out these polygons of every picture from now on, before Decode returns. They are rounded outwards: a pixel of
// the result that shows any of a polygon is black.
func (d *Decoder) Mask(polygons [][]Point) {
	for i := range d.masks {
		d.masks[i] = mask{polygons: polygons}
	}
}

// blacken applies the masks to the wanted results.
func (d *Decoder) blacken(dst []byte, wanted uint32) {
	if len(d.masks[0].polygons) == 0 {
		return
	}
	var sourceWidth, sourceHeight C.int
	C.pixel_source(d.c, &sourceWidth, &sourceHeight)
	size := 3 * d.width * d.height
	for i := range d.masks {
		if wanted>>i&1 == 0 {
			continue
		}
		shown := C.pixel_shown(d.c, C.int(i))
		m := &d.masks[i]
		m.fit(Area{float64(shown.x), float64(shown.y), float64(shown.width), float64(shown.height)},
			int(sourceWidth), int(sourceHeight), d.width, d.height)
		for _, s := range m.spans {
			clear(dst[i*size+s.begin : i*size+s.end])
		}
	}
}

// fit works the spans out for results that show this part of a source picture of that size.
func (m *mask) fit(shown Area, sourceWidth, sourceHeight, width, height int) {
	// A pixel shows what is half a pixel around it; where the result is larger than its source, what a source pixel does.
	margin := max(0.5, float64(width)/(shown.Width*float64(sourceWidth)), float64(height)/(shown.Height*float64(sourceHeight)))
	if m.shown == shown && m.margin == margin {
		return
	}
	m.shown, m.margin, m.spans = shown, margin, nil
	// toResult turns a place in the source into pixels of the result.
	toResult := func(p Point) Point {
		return Point{(p.X - shown.X) / shown.Width * float64(width), (p.Y - shown.Y) / shown.Height * float64(height)}
	}
	black := make([]bool, width*height)
	for _, polygon := range m.polygons {
		scaled := make([]Point, len(polygon))
		for i, p := range polygon {
			scaled[i] = toResult(p)
		}
		cover(black, width, height, margin, scaled)
	}
	m.spans = spansOf(black)
}

// cover marks what the polygon covers: pixels whose neighbourhood has a point within, and those that an edge comes near, so
// that what scaling has mixed in from there is covered, too.
func cover(black []bool, width, height int, margin float64, polygon []Point) {
	const steps = 4
	span := 1 + 2*margin
	for y := range height {
		for x := range width {
			for i := range (steps + 1) * (steps + 1) {
				at := Point{
					float64(x) - margin + span*float64(i%(steps+1))/steps,
					float64(y) - margin + span*float64(i/(steps+1))/steps,
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
			for y := int(math.Floor(py - margin)); y <= int(math.Floor(py+margin)); y++ {
				for x := int(math.Floor(px - margin)); x <= int(math.Floor(px+margin)); x++ {
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
