package publish

import (
	"strconv"

	"edged/internal/clock"
	"edged/internal/sink"
)

// zoneLevel stands before a zone's name in topics: edged/NODE/VIEW/zone/ZONE/state.
const zoneLevel = "zone"

// ZoneTopics are the topics of one zone of a view. All methods return at once and may be called from any goroutine.
type ZoneTopics struct {
	view   *ViewTopics
	quoted string // the name as a JSON string
	state  *retained
	visit  *retained

	// states.mu guards these.
	labels  map[string]*retained // by action
	newest  sink.Visit           // what visit says
	targets int
	dwell   float64
}

func (s *states) addZones(t topics, c Camera, v *ViewTopics) {
	v.zones = map[string]*ZoneTopics{}
	for _, name := range c.ZonesOf(v.path) {
		z := &ZoneTopics{
			view: v, quoted: quote(name), state: s.add(t.of(v.path, zoneLevel, name, "state"), off),
			visit: s.add(t.of(v.path, zoneLevel, name, "visit"), ""), labels: map[string]*retained{},
		}
		z.visit.once = true
		z.visit.encode = func(dst []byte) []byte { return z.appendVisit(dst, z.newest, z.targets, z.dwell, clock.Now()) }
		for _, label := range c.actions() {
			z.labels[label] = s.add(t.of(v.path, zoneLevel, name, label, "state"), off)
		}
		v.zones[name] = z
	}
}

// SetOccupied publishes whether anything that moved is in the zone.
func (z *ZoneTopics) SetOccupied(occupied bool) {
	set(z.view.states, z.state, choose(occupied, on, off))
}

// SetAction publishes whether a target in the zone does the action. The background label is not an action, and is ignored.
func (z *ZoneTopics) SetAction(label string, active bool) {
	if r := z.view.states.inZone(z, label); r != nil {
		set(z.view.states, r, choose(active, on, off))
	}
}

// inZone returns the state of the action in the zone, or nil if there is no such action.
func (s *states) inZone(z *ZoneTopics, label string) *retained {
	s.mu.Lock()
	defer s.mu.Unlock()
	return z.labels[label]
}

// SetVisit publishes who came or left last. Dwell is that of the newest visit that has ended, in seconds; below 0 = there was none.
func (z *ZoneTopics) SetVisit(v sink.Visit, targets int, dwell float64) {
	z.view.states.setEncoded(z.visit, func() { z.newest, z.targets, z.dwell = v, targets, dwell })
}

func (z *ZoneTopics) appendVisit(dst []byte, v sink.Visit, targets int, dwell float64, now clock.Instant) []byte {
	dst = append(dst, `{"event_type":"`...)
	dst = append(dst, choose(v.Inside, "enter", "leave")...)
	dst = append(dst, `",`...)
	dst = append(dst, z.view.source...)
	dst = append(dst, `,"zone":`...)
	dst = append(dst, z.quoted...)
	dst = append(dst, `,"track":`...)
	dst = strconv.AppendUint(dst, v.Track, 10)
	dst = appendBox(dst, "box", v.Box)
	dst = append(dst, `,"entered":`...)
	dst = appendWall(dst, now.At(v.Entered))
	dst = append(dst, `,"left":`...)
	if v.Inside {
		dst = append(dst, "null"...)
	} else {
		dst = appendWall(dst, now.At(v.Left))
	}
	dst = append(dst, `,"targets":`...)
	dst = strconv.AppendInt(dst, int64(targets), 10)
	dst = append(dst, `,"last_dwell_seconds":`...)
	if dwell < 0 {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendFloat(dst, dwell, 'f', 1, 64)
	}
	return append(dst, '}')
}

// appendZones writes a list of zones as one member of a JSON object.
func appendZones(dst []byte, name string, zones []string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, `":`...)
	return AppendNames(dst, zones)
}

// AppendNames writes names, which need no escape in JSON, as a JSON list.
func AppendNames(dst []byte, names []string) []byte {
	dst = append(dst, '[')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, name...)
		dst = append(dst, '"')
	}
	return append(dst, ']')
}
