package config

import (
	"fmt"
	"maps"
	"slices"

	"edged/follow/zones"
	"edged/internal/bounds"
)

const (
	// maxZones bounds the topics of a view: each zone has one for every label.
	maxZones = 16
	// maxZoneCorners is more than anybody draws by hand.
	maxZoneCorners = 64
)

// zones checks that every zone is a plain polygon, and that some view can report it.
func (d *decoder) zones(key string, cam Camera) {
	if len(cam.Zones) == 0 {
		return
	}
	if len(cam.Zones) > maxZones {
		d.problem(key, "%d zones; at most %d", len(cam.Zones), maxZones)
	}
	areas := cam.followedAreas()
	if len(areas) == 0 {
		d.problem(key, "have no effect without follow: true for the camera or for one of its views")
	}
	for _, name := range slices.Sorted(maps.Keys(cam.Zones)) {
		at, corners := join(key, name), cam.Zones[name]
		if err := bounds.CheckName(name); err != nil {
			d.problem(at, "the zone's name is a level of its topics: it %v", err)
		}
		if !d.zone(at, corners) {
			continue
		}
		inView := func(area [4]float64) bool { return len(zones.Shown(Zones{name: corners}, area)) > 0 }
		if len(areas) > 0 && !slices.ContainsFunc(areas, inView) {
			d.problem(at, "lies outside of every view that follows, so nothing can ever be in it")
		}
	}
}

// zone reports whether the corners are a polygon in the picture that does not cross itself.
func (d *decoder) zone(at string, corners [][]float64) (ok bool) {
	if len(corners) < 3 || len(corners) > maxZoneCorners {
		d.problem(at, "a zone has 3 to %d corners, such as [[0, 0], [0.5, 0], [0.5, 1]], not %d", maxZoneCorners, len(corners))
		return false
	}
	ok = true
	for k, p := range corners {
		if len(p) != 2 || !(p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1) {
			d.problem(fmt.Sprintf("%s[%d]", at, k), "a corner is [x, y], each 0 to 1 of the picture, not %v", p)
			ok = false
		}
	}
	if !ok {
		return false
	}
	if a, b, crosses := crossing(corners); crosses {
		d.problem(at, "the side from corner %d to the next crosses or touches the side from corner %d to the next; list the corners in order around the zone", a+1, b+1)
		return false
	}
	return true
}

// followedAreas returns the areas, [x, y, width, height], of the camera's views that follow.
func (c Camera) followedAreas() (areas [][4]float64) {
	for _, v := range c.viewsWithFollow() {
		if v.Follow.On {
			areas = append(areas, [4]float64(v.Area))
		}
	}
	return areas
}

// viewsWithFollow returns the camera's views, each with its area and whether it follows.
func (c Camera) viewsWithFollow() []View {
	views := slices.Clone(c.Views)
	if len(views) == 0 {
		views = []View{{}}
	}
	for i := range views {
		v := &views[i]
		if len(v.Area) != 4 {
			v.Area = []float64{0, 0, 1, 1}
		}
		if v.Follow == (Follow{}) {
			v.Follow = c.Follow
		}
	}
	return views
}

// crossing returns two sides of the polygon that have a point in common which is not the corner between them. Side i begins at corner i.
func crossing(corners [][]float64) (a, b int, crosses bool) {
	n := len(corners)
	for a := range n {
		for b := a + 1; b < n; b++ {
			p, q, r, s := corners[a], corners[(a+1)%n], corners[b], corners[(b+1)%n]
			switch {
			case b == a+1:
				crosses = folds(p, q, s)
			case (b+1)%n == a:
				crosses = folds(r, p, q)
			default:
				crosses = meet(p, q, r, s)
			}
			if crosses {
				return a, b, true
			}
		}
	}
	return 0, 0, false
}

// folds reports whether the way from p over q to r turns back on itself, or stands still.
func folds(p, q, r []float64) bool {
	ahead := (q[0]-p[0])*(r[0]-q[0]) + (q[1]-p[1])*(r[1]-q[1])
	return turn(p, q, r) == 0 && ahead <= 0
}

// meet reports whether the segments pq and rs have a point in common.
func meet(p, q, r, s []float64) bool {
	a, b, c, e := turn(p, q, r), turn(p, q, s), turn(r, s, p), turn(r, s, q)
	if a*b < 0 && c*e < 0 {
		return true
	}
	return a == 0 && between(p, q, r) || b == 0 && between(p, q, s) || c == 0 && between(r, s, p) || e == 0 && between(r, s, q)
}

// turn is above 0 if the way from p over q to r turns one way, below 0 if it turns the other, and 0 if it is straight.
func turn(p, q, r []float64) float64 {
	return (q[0]-p[0])*(r[1]-p[1]) - (q[1]-p[1])*(r[0]-p[0])
}

// between reports whether r, which lies on the line through p and q, lies between them.
func between(p, q, r []float64) bool {
	return min(p[0], q[0]) <= r[0] && r[0] <= max(p[0], q[0]) && min(p[1], q[1]) <= r[1] && r[1] <= max(p[1], q[1])
}
