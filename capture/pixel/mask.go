package pixel

/*
#cgo noescape pixel_source
#cgo nocallback pixel_source
#cgo noescape pixel_shown
#cgo nocallback pixel_shown
#include "decode.h"
*/
import "C"

// Point is a place in a picture: 0,0 is its top left corner, 1,1 its bottom right one.
type Point struct{ X, Y float64 }

// mask makes polygons of the picture black in the decoder's results for one area.
type mask struct {
	polygons [][]Point
	shown    Area // that the spans were made for
	margin   float64
	spans    []span // in the result
}

// span is a run of the result's bytes.
type span struct{ begin, end int }

// Mask makes these polygons of every later picture black before Decode returns. It rounds outwards: a pixel of the result is
// black if it shows any part of a polygon.
func (d *Decoder) Mask(polygons [][]Point) {
	for i := range d.masks {
		d.masks[i] = mask{polygons: polygons}
	}
}

// blacken applies the masks to the results whose bit is set in selected.
func (d *Decoder) blacken(dst []byte, selected uint32) {
	if len(d.masks[0].polygons) == 0 {
		return
	}
	var sourceWidth, sourceHeight C.int
	C.pixel_source(d.c, &sourceWidth, &sourceHeight)
	size := 3 * d.width * d.height
	for i := range d.masks {
		if selected>>i&1 == 0 {
			continue
		}
		shown := C.pixel_shown(d.c, C.int(i))
		m := &d.masks[i]
		m.fit(Area{X: float64(shown.x), Y: float64(shown.y), Width: float64(shown.width), Height: float64(shown.height)},
			int(sourceWidth), int(sourceHeight), d.width, d.height)
		for _, s := range m.spans {
			clear(dst[i*size+s.begin : i*size+s.end])
		}
	}
}

// fit computes the spans for results that show this part of a source picture of that size.
func (m *mask) fit(shown Area, sourceWidth, sourceHeight, width, height int) {
	// A pixel also shows colour from up to four source pixels away: chroma has half as many samples, and where these are too few,
	// scaling mixes two of them, a little off their centres. In a JPEG of reduced size a chroma sample may be as wide as 1.5 pixels
	// of the result.
	margin := max(1.5, 4*float64(width)/(shown.Width*float64(sourceWidth)), 4*float64(height)/(shown.Height*float64(sourceHeight)))
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
		for i := range black {
			x, y := float64(i%width), float64(i/width)
			black[i] = black[i] || covers(scaled, Point{x - margin, y - margin}, Point{x + 1 + margin, y + 1 + margin})
		}
	}
	m.spans = spansOf(black)
}

// covers reports whether any part of the box from low to high lies in the polygon or on one of its edges. This also hides what
// scaling has mixed in from there.
func covers(polygon []Point, low, high Point) bool {
	winding, middle := 0, Point{(low.X + high.X) / 2, (low.Y + high.Y) / 2}
	for i, a := range polygon {
		b := polygon[(i+1)%len(polygon)]
		if crosses(a, b, low, high) {
			return true
		}
		// No edge crosses the box, so all of it is inside or all of it is outside. A place that the outline goes around twice is inside.
		if below := a.Y <= middle.Y; below != (b.Y <= middle.Y) && middle.X < a.X+(middle.Y-a.Y)/(b.Y-a.Y)*(b.X-a.X) {
			if below {
				winding++
			} else {
				winding--
			}
		}
	}
	return winding != 0
}

// crosses reports whether the line from a to b has a point in the box. It cuts off what lies outside the box's sides.
func crosses(a, b, low, high Point) bool {
	from, to := 0.0, 1.0
	between := func(at, step, low, high float64) bool {
		if step == 0 {
			return at >= low && at <= high
		}
		enter, leave := (low-at)/step, (high-at)/step
		from, to = max(from, min(enter, leave)), min(to, max(enter, leave))
		return from <= to
	}
	return between(a.X, b.X-a.X, low.X, high.X) && between(a.Y, b.Y-a.Y, low.Y, high.Y)
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
