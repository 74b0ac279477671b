package node

import (
	"slices"
	"testing"
	"time"

	"edged/follow/zones"
	"edged/infer"
	"edged/internal/config"
	"edged/internal/sink"
)

// visits keeps the newest visit and event.
type visits struct {
	sink.Ignore
	visit sink.Visit
	event sink.Event
}

func (v *visits) Visit(s sink.Visit) { v.visit = s }
func (v *visits) Event(e sink.Event) { v.event = e }

const zonedCamera = `cameras:
  - name: gate
    source: "pattern:"
    views: [{name: all}, {name: left, area: [0, 0, 0.5, 1], follow: true}]
    zones: {door: [[0, 0], [0.2, 0], [0.2, 1]], street: [[0.4, 0], [1, 0], [1, 1]]}
`

func TestSinksLearnWhoIsInAZone(t *testing.T) {
	n, seen := newNode(t, zonedCamera), new(visits)
	n.sinks = append(n.sinks, seen)
	people := &n.Views[1].Pipeline
	if got := people.Targets.Zones.Names(); !slices.Equal(got, []string{"door", "street"}) {
		t.Errorf("the view has the zones %v", got)
	}
	people.Targets.OnVisit(zones.Visit{Zone: "door", Track: 7, Phase: zones.Leave, Entered: time.Second, Left: 3 * time.Second, Lost: true})
	want := sink.Visit{Camera: "gate", View: "gate/left", Zone: "door", Track: 7, Entered: time.Second, Left: 3 * time.Second, Lost: true}
	if seen.visit != want {
		t.Errorf("%+v, want %+v", seen.visit, want)
	}
	people.OnEvent(infer.Event{ID: 1, Label: "wave", Phase: infer.Start, Track: 7, Zones: []string{"door"}, StartZones: []string{"street"}, PeakZones: []string{}})
	if e := seen.event; !slices.Equal(e.Zones, []string{"door"}) || !slices.Equal(e.StartZones, []string{"street"}) || e.PeakZones == nil {
		t.Errorf("the event has the zones %v, %v and %v", e.Zones, e.StartZones, e.PeakZones)
	}
}

// Zones belong to the views that follow, in topics as well. A model with many labels does not give each of them an entity in each zone.
func TestTopicsOfZones(t *testing.T) {
	n := newNode(t, zonedCamera)
	c := n.publishedCameras()[0]
	if len(c.Zones) != 1 || !slices.Equal(c.Zones["gate/left"], []string{"door", "street"}) || c.ZoneEntities != nil {
		t.Errorf("zones %v, entities for %v", c.Zones, c.ZoneEntities)
	}
	labels := n.Model.Labels
	n.Model.Labels = make([]string, maxZoneEntities/2+1)
	if c := n.publishedCameras()[0]; c.ZoneEntities == nil {
		t.Error("each of 61 labels has an entity in each of two zones")
	}
	n.Model.Labels = labels
}

// Of a model with many labels, none gets entities unless the configuration names it.
func TestAModelWithManyLabelsHasNoEntities(t *testing.T) {
	if got := entities(make([]string, maxEntities+1), config.Detect{}); got == nil || len(got) != 0 {
		t.Errorf("entities for %#v, want an empty list: nil stands for all labels", got)
	}
}
