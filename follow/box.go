package follow

import "math"

// box is a rectangle in pixels: x0 <= x < x1, y0 <= y < y1.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) width() float64   { return b.x1 - b.x0 }
func (b box) height() float64  { return b.y1 - b.y0 }
func (b box) area() float64    { return max(b.width(), 0) * max(b.height(), 0) }
func (b box) centreX() float64 { return (b.x0 + b.x1) / 2 }
func (b box) centreY() float64 { return (b.y0 + b.y1) / 2 }

func (b box) moved(dx, dy float64) box { return box{b.x0 + dx, b.y0 + dy, b.x1 + dx, b.y1 + dy} }

func (b box) union(o box) box {
	return box{min(b.x0, o.x0), min(b.y0, o.y0), max(b.x1, o.x1), max(b.y1, o.y1)}
}

func (b box) intersection(o box) box {
	return box{max(b.x0, o.x0), max(b.y0, o.y0), min(b.x1, o.x1), min(b.y1, o.y1)}
}

// overlap is the intersection over the union, 0 to 1.
func (b box) overlap(o box) float64 {
	both := b.intersection(o).area()
	if both == 0 {
		return 0
	}
	return both / (b.area() + o.area() - both)
}

// coverage is the part of b that lies in o, 0 to 1.
func (b box) coverage(o box) float64 {
	if b.area() == 0 {
		return 0
	}
	return b.intersection(o).area() / b.area()
}

func (b box) contains(o box) bool {
	return b.x0 <= o.x0 && b.y0 <= o.y0 && b.x1 >= o.x1 && b.y1 >= o.y1
}

// mix returns the box that lies part of the way from b to o.
func (b box) mix(o box, part float64) box {
	return box{
		b.x0 + part*(o.x0-b.x0), b.y0 + part*(o.y0-b.y0),
		b.x1 + part*(o.x1-b.x1), b.y1 + part*(o.y1-b.y1),
	}
}

// distance is that of the centres.
func (b box) distance(o box) float64 {
	return math.Hypot(b.centreX()-o.centreX(), b.centreY()-o.centreY())
}

func (b box) intersects(o box) bool { return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 }

// grown returns the box with this part of its size added on each side.
func (b box) grown(part float64) box {
	dx, dy := part*b.width(), part*b.height()
	return box{b.x0 - dx, b.y0 - dy, b.x1 + dx, b.y1 + dy}
}
