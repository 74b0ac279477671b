// Package zones says in which named places of a picture a target stands, and when it came and went.
//
// A target is where its feet are: in the middle of the lower edge of its box.
package zones

import (
	"maps"
	"math"
	"slices"
)

// Zones are the places of one view. Its methods may be called from several goroutines only if each has Zones of its own.
type Zones struct {
	area  [4]float64 // of the view in the picture: x, y, width, height
	zones []zone     // by name
	lists map[Set][]string
}

type zone struct {
	name    string
	corners [][2]float64
}

// Set is a set of zones: zone i of Names as bit i.
type Set uint32

// most is how many zones a Set can hold.
const most = 32

// Has reports whether the zone is in the set.
func (s Set) Has(i int) bool { return s>>i&1 == 1 }

// New returns the zones with these corners, [x, y], 0 to 1 of the camera's picture. Area is the view's x, y, width and height in it. More than 32 zones
// are a programmer's mistake, and panic.
func New(polygons map[string][][]float64, area [4]float64) *Zones {
	if len(polygons) > most {
		panic("zones: too many")
	}
	z := &Zones{area: area, lists: map[Set][]string{0: {}}}
	for _, name := range slices.Sorted(maps.Keys(polygons)) {
		corners := make([][2]float64, len(polygons[name]))
		for i, c := range polygons[name] {
			corners[i] = [2]float64{c[0], c[1]}
		}
		z.zones = append(z.zones, zone{name, corners})
	}
	return z
}

// Names returns the names of all zones, sorted.
func (z *Zones) Names() []string {
	names := make([]string, len(z.zones))
	for i := range z.zones {
		names[i] = z.zones[i].name
	}
	return names
}

// At returns the zones in which the foot of the box is. The box is x, y, width, height, each 0 to 1 of the view.
func (z *Zones) At(box [4]float64) (set Set) {
	x, y := z.foot(box)
	for i := range z.zones {
		if inside(z.zones[i].corners, x, y) {
			set |= 1 << i
		}
	}
	return set
}

// foot returns the middle of the lower edge of the box, in the picture. A foot on the picture's edge, where the picture cuts the target off, is taken
// for one just inside, so that a zone which goes down to the edge has it.
func (z *Zones) foot(box [4]float64) (x, y float64) {
	x = z.area[0] + z.area[2]*(box[0]+box[2]/2)
	y = z.area[1] + z.area[3]*(box[1]+box[3])
	const almost = 1 - 1e-9
	return min(max(x, 1-almost), almost), min(max(y, 1-almost), almost)
}

// List returns the names of the zones in the set, sorted. The same set gives the same list, which must not be changed.
func (z *Zones) List(set Set) []string {
	list, known := z.lists[set]
	if !known {
		for i := range z.zones {
			if set.Has(i) {
				list = append(list, z.zones[i].name)
			}
		}
		z.lists[set] = list
	}
	return list
}

// inside reports whether the point is in the polygon: a line from it to the left crosses an odd number of sides.
func inside(corners [][2]float64, x, y float64) (in bool) {
	before := corners[len(corners)-1]
	for _, c := range corners {
		if (c[1] > y) != (before[1] > y) && x > c[0]+(before[0]-c[0])*(y-c[1])/(before[1]-c[1]) {
			in = !in
		}
		before = c
	}
	return in
}

// Shown returns the zones that have a part in the view: nobody in the view can be in the others.
func Shown(polygons map[string][][]float64, area [4]float64) map[string][][]float64 {
	shown := map[string][][]float64{}
	for name, corners := range polygons {
		x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, c := range corners {
			x0, y0, x1, y1 = min(x0, c[0]), min(y0, c[1]), max(x1, c[0]), max(y1, c[1])
		}
		if x0 < area[0]+area[2] && x1 > area[0] && y0 < area[1]+area[3] && y1 > area[1] {
			shown[name] = corners
		}
	}
	return shown
}
