package zones

import (
	"slices"
	"time"
)

const (
	// enterAfter is how long a target must be in a zone before it counts as a visitor: a box trembles at a border.
	enterAfter = 250 * time.Millisecond
	// leaveAfter is how long a visitor must be outside before it has left.
	leaveAfter = time.Second
)

// Phase says what a Visit reports.
type Phase string

// The phases of a visit.
const (
	Enter Phase = "enter"
	Leave Phase = "leave"
)

// Visit reports that a target came into a zone or left it.
type Visit struct {
	Zone    string
	Track   uint64 // the target
	Phase   Phase
	Entered time.Duration // the first picture that shows it in the zone
	Left    time.Duration // the last picture that shows it in the zone; 0 unless Phase is Leave
	Box     [4]float64    // where it was seen last: x, y, width, height, each 0 to 1 of the view
	Lost    bool          // it left because it is not followed any more: it went, lies still, or the view was interrupted
}

// Dwell is how long the target was in the zone; 0 unless Phase is Leave.
func (v Visit) Dwell() time.Duration {
	if v.Phase != Leave {
		return 0
	}
	return v.Left - v.Entered
}

// Visits notes who is in which zone. One goroutine uses it.
type Visits struct {
	zones *Zones
	emit  func(Visit)
	stays []stay
}

// stay is one target in one zone, from the first picture that shows it there.
type stay struct {
	zone        int
	track       uint64
	told        bool // the Enter was reported
	first, last time.Duration
	box         [4]float64
}

// NewVisits returns Visits that hand what they find to emit.
func NewVisits(z *Zones, emit func(Visit)) *Visits { return &Visits{zones: z, emit: emit} }

// Note takes the place of a target at the time t. Times must not go back; after a gap call Clear.
func (v *Visits) Note(track uint64, box [4]float64, t time.Duration) {
	in := v.zones.At(box)
	for i := 0; i < len(v.stays); {
		s := &v.stays[i]
		if s.track != track {
			i++
			continue
		}
		if in.Has(s.zone) {
			s.last, s.box = t, box
			in &^= 1 << s.zone
			v.tellEnter(s)
		} else if t-s.last >= leaveAfter || !s.told {
			v.end(i, false)
			continue
		}
		i++
	}
	for zone := range v.zones.zones {
		if in.Has(zone) {
			v.stays = append(v.stays, stay{zone: zone, track: track, first: t, last: t, box: box})
		}
	}
}

func (v *Visits) tellEnter(s *stay) {
	if !s.told && s.last-s.first >= enterAfter {
		s.told = true
		v.emit(Visit{Zone: v.zones.zones[s.zone].name, Track: s.track, Phase: Enter, Entered: s.first, Box: s.box})
	}
}

// end removes a stay, and reports that the target has left if its coming was reported.
func (v *Visits) end(i int, lost bool) {
	s := v.stays[i]
	v.stays = slices.Delete(v.stays, i, i+1)
	if s.told {
		v.emit(Visit{Zone: v.zones.zones[s.zone].name, Track: s.track, Phase: Leave, Entered: s.first, Left: s.last, Box: s.box, Lost: lost})
	}
}

// Keep ends the visits of all targets for which kept is false: they are gone.
func (v *Visits) Keep(kept func(track uint64) bool) {
	for i := 0; i < len(v.stays); {
		if kept(v.stays[i].track) {
			i++
		} else {
			v.end(i, true)
		}
	}
}

// Clear ends all visits: nobody knows whether they go on.
func (v *Visits) Clear() {
	for len(v.stays) > 0 {
		v.end(0, true)
	}
}
