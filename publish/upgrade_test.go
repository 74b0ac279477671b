package publish

import (
	"fmt"
	"strings"
	"testing"

	"edged/internal/sink"
	"edged/internal/testkit"
)

// An upgrade brings another model, with other labels. What waited is delivered, and what the broker keeps of the old labels goes.
func TestAnotherModel(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	discovered := func(p *Publisher) {
		p.Discovery.Prefix = "homeassistant"
		p.Cameras[0].Zones = map[string][]string{"front": {"gate"}}
	}
	before, _ := testPublisher(t, broker.URL(), discovered)
	stop := run(t, before)
	sub.until("homeassistant/device/edged-board/config", string(before.states.discovery.value))
	actionOf(before, "front", "wave").SetState(true)
	sub.until("edged/board/front/wave/state", on)
	stop()

	after, _ := testPublisher(t, broker.URL(), discovered, func(p *Publisher) {
		p.Cameras[0].Labels, p.Cameras[0].Model = []string{"still", "rise", "walk"}, Model{Name: "people", SHA256: "def456"}
	})
	old := event(7, sink.Start)
	old.Model = Model{Name: "starter", SHA256: "abc123"}
	forgotten := event(8, sink.Start)
	forgotten.Model = after.Cameras[0].Model // what was taught, and is forgotten
	for _, e := range []sink.Event{old, forgotten} {
		after.Outbox.put(e)
	}
	run(t, after)
	if got := sub.next("edged/board/front/event"); !strings.Contains(got.payload, `"event_type":"wave"`) || !strings.Contains(got.payload, `"sha256":"abc123"`) {
		t.Errorf("the event that waited is %s", got.payload)
	}
	sub.until("edged/board/front/wave/state", "")
	sub.until("edged/board/front/zone/gate/wave/state", "")
	waitFor(t, "both events are dealt with", func() bool { return after.Counters().EventsSent == 1 && after.Outbox.Waiting() == 0 })
	subscribe(t, broker.URL()).retained(map[string]string{"edged/board/front/walk/state": off, "edged/board/front/rise/state": off, "edged/board/front/zone/gate/walk/state": off})
}

// Anybody who may write there can forge the description. No topic of it may end the connection.
func TestForgedTopicsAreLeftAlone(t *testing.T) {
	before := []byte(`{"components":{"a":{"state_topic":"edged/board/+/state"},"b":{"state_topic":"edged/board/#/state"},"c":{"state_topic":"edged/board/\u0000/state"},
"d":{"state_topic":"edged/board/\u0007/state"},"e":{"state_topic":"edged/board/front/wave/state"},"f":{"state_topic":"edged/board/stats"},"g":{}}}`)
	got := staleTopics(before, []string{"a", "b", "c", "d", "e", "f", "g", "h"})
	if len(got) != 1 || got[0] != "edged/board/front/wave/state" {
		t.Errorf("%q", got)
	}
}

// What is only to be removed is bounded, and belongs to a taught action again once there is one of that name.
func TestTopicsThatAreOnlyToBeRemoved(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", func(p *Publisher) { p.OnCommand = func(Command) {} })
	s := p.states
	var many []string
	for i := range 2 * maxStale {
		many = append(many, fmt.Sprintf("edged/board/old/%d/state", i))
	}
	count := len(s.all)
	s.discard([]string{"edged/board/front/ring/state", "edged/board/front/ring/shadow", "edged/board/front/wave/state", "other/topic/state"}, "edged/board/")
	if added := len(s.all) - count; added != 2 {
		t.Errorf("%d are to be removed, want the two of ring", added)
	}
	s.discard(many, "edged/board/")
	if added := len(s.all) - count; added != maxStale {
		t.Errorf("%d are to be removed, want %d at most", added, maxStale)
	}
	viewOf(p, "front").SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "ring", State: "live", Live: true}}})
	times := map[string]int{}
	for i, r := range s.all {
		if times[r.topic]++; r != s.removal && r != s.discovery && times[r.topic] > 1 {
			t.Errorf("%s is there twice", r.topic)
		}
		if r == s.node && i < s.ofViews {
			t.Error("the node's status is among the views'")
		}
	}
}
