package publish

import "edged/internal/sink"

// presence is which targets of a view do what, and in which zones they are.
type presence struct {
	doing  map[string]map[uint64]bool // by label
	inside map[string]map[uint64]bool // by zone
	lost   map[string]map[uint64]bool // by zone: those that were in it when they were lost, and whose action goes on
	dwell  map[string]float64         // of the newest visit that has ended, in seconds, by zone
}

func newPresence() *presence {
	return &presence{doing: map[string]map[uint64]bool{}, inside: map[string]map[uint64]bool{}, lost: map[string]map[uint64]bool{}, dwell: map[string]float64{}}
}

// note adds the target to those of the name, or removes it.
func note(of map[string]map[uint64]bool, name string, track uint64, present bool) {
	if !present {
		delete(of[name], track)
		return
	}
	if of[name] == nil {
		of[name] = map[uint64]bool{}
	}
	of[name][track] = true
}

// anyoneDoes reports whether a target in the zone does the action. Somebody who has fallen and lies still is no longer a
// target, but is still there.
func (p *presence) anyoneDoes(label, zone string) bool {
	for track := range p.doing[label] {
		if p.inside[zone][track] || p.lost[zone][track] {
			return true
		}
	}
	return false
}

// doesAnything reports whether an action of the target goes on.
func (p *presence) doesAnything(track uint64) bool {
	for _, tracks := range p.doing {
		if tracks[track] {
			return true
		}
	}
	return false
}

// noteAction publishes what the start or end of an action changes in the view's zones.
func (p *presence) noteAction(v *ViewTopics, e sink.Event) {
	if len(v.zones) == 0 || e.Phase == sink.Update {
		return
	}
	note(p.doing, e.Label, e.Track, e.Phase == sink.Start)
	if !p.doesAnything(e.Track) {
		for _, tracks := range p.lost {
			delete(tracks, e.Track)
		}
	}
	for name, z := range v.zones {
		z.SetAction(e.Label, p.anyoneDoes(e.Label, name))
	}
}

// noteVisit publishes that a target came into a zone or left it.
func (p *presence) noteVisit(z *ZoneTopics, v sink.Visit) {
	note(p.inside, v.Zone, v.Track, v.Inside)
	note(p.lost, v.Zone, v.Track, v.Lost && p.doesAnything(v.Track))
	if !v.Inside {
		p.dwell[v.Zone] = (v.Left - v.Entered).Seconds()
	}
	dwell, known := p.dwell[v.Zone]
	if !known {
		dwell = -1
	}
	targets := len(p.inside[v.Zone])
	z.SetVisit(v, targets, dwell)
	z.SetOccupied(targets > 0)
	for label := range p.doing {
		z.SetAction(label, p.anyoneDoes(label, v.Zone))
	}
}
