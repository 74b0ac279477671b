package publish

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// zoned gives the test publisher's camera two zones.
func zoned(p *Publisher) {
	p.Cameras[0].Zones = map[string][]string{"front": {"gate", "path"}}
}

// waves is an event of a target.
func waves(track uint64, phase sink.Phase) sink.Event {
	return sink.Event{ID: sink.ID{Run: "5f1c09ab", N: track}, View: "front", Label: "wave", Phase: phase, Track: track}
}

func comes(track uint64) sink.Visit {
	return sink.Visit{Camera: "front", View: "front", Zone: "gate", Track: track, Inside: true, Entered: 10 * time.Second}
}

func leaves(track uint64) sink.Visit {
	v := comes(track)
	v.Inside, v.Left = false, 14*time.Second
	return v
}

func TestStatesOfZones(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", zoned)
	s, err := p.Sink("front")
	if err != nil {
		t.Fatal(err)
	}
	state := func(topic string) string {
		for _, r := range p.states.all {
			if r.topic == "edged/board/front/zone/"+topic {
				return string(r.value)
			}
		}
		t.Fatalf("no topic %s", topic)
		return ""
	}
	steps := []struct {
		what string
		do   func()
		want map[string]string
	}{
		{"nobody is there", func() {}, map[string]string{"gate/state": off, "gate/wave/state": off, "path/state": off}},
		{"somebody waves elsewhere", func() { s.Event(waves(1, sink.Start)) }, map[string]string{"gate/state": off, "gate/wave/state": off}},
		{"he comes to the gate", func() { s.Visit(comes(1)) }, map[string]string{"gate/state": on, "gate/wave/state": on, "gate/rise/state": off, "path/wave/state": off}},
		{"another comes", func() { s.Visit(comes(2)) }, map[string]string{"gate/state": on, "gate/wave/state": on}},
		{"the first leaves", func() { s.Visit(leaves(1)) }, map[string]string{"gate/state": on, "gate/wave/state": off}},
		{"the second waves", func() { s.Event(waves(2, sink.Start)) }, map[string]string{"gate/wave/state": on, "path/wave/state": off}},
		{"the second stops", func() { s.Event(waves(2, sink.End)) }, map[string]string{"gate/wave/state": off, "gate/state": on}},
		{"the second leaves", func() { s.Visit(leaves(2)) }, map[string]string{"gate/state": off, "gate/wave/state": off}},
		{"a third comes and waves", func() { s.Visit(comes(3)); s.Event(waves(3, sink.Start)) }, map[string]string{"gate/state": on, "gate/wave/state": on}},
		{"the third is followed no more, and still waves", func() {
			v := leaves(3)
			v.Lost = true
			s.Visit(v)
		}, map[string]string{"gate/state": off, "gate/wave/state": on}},
		{"the third stops", func() { s.Event(waves(3, sink.End)) }, map[string]string{"gate/wave/state": off}},
	}
	for _, step := range steps {
		step.do()
		for topic, want := range step.want {
			if got := state(topic); got != want {
				t.Errorf("%s: %s is %s, want %s", step.what, topic, got, want)
			}
		}
	}
}

// What a user taught has a state in each zone while it is live, and none after it was forgotten.
func TestTaughtActionsInZones(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", zoned, func(p *Publisher) { p.OnCommand = func(Command) {} })
	s, err := p.Sink("front")
	if err != nil {
		t.Fatal(err)
	}
	v := viewOf(p, "front")
	state := func() (value string, wanted bool) {
		i := slices.IndexFunc(p.states.all, func(r *retained) bool { return r.topic == "edged/board/front/zone/gate/ring/state" })
		if i < 0 {
			return "", false
		}
		return string(p.states.all[i].value), !p.states.all[i].unwanted
	}
	v.SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "ring", Live: true}}})
	if value, wanted := state(); value != off || !wanted {
		t.Errorf("before anybody rings the state is %q, wanted %v", value, wanted)
	}
	s.Visit(comes(1))
	e := waves(1, sink.Start)
	e.Label = "ring"
	s.Event(e)
	if value, _ := state(); value != on {
		t.Errorf("somebody in the gate rings, and the state is %q", value)
	}
	e.Phase = sink.End
	s.Event(e)
	if value, _ := state(); value != off {
		t.Errorf("nobody rings any more, and the state is %q", value)
	}
	v.SetTeaching(Teaching{Possible: true})
	if value, wanted := state(); value != "" || wanted {
		t.Errorf("what was forgotten has the state %q, wanted %v", value, wanted)
	}
}

func TestVisitMessage(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", zoned)
	z := p.states.views["front"].zones["gate"]
	now := clock.Instant{Wall: time.Date(2026, 11, 29, 12, 0, 20, 0, time.UTC), Monotonic: 20 * time.Second}
	came, left := comes(7), leaves(7)
	came.Box = [4]float64{0.1, 0.2, 0.3, 0.4}
	for want, got := range map[string][]byte{
		`{"event_type":"enter","camera":"front","zone":"gate","track":7,"box":[0.1000,0.2000,0.3000,0.4000],"entered":"2026-11-29T12:00:10.000Z","left":null,"targets":1,"last_dwell_seconds":null}`:                      z.appendVisit(nil, came, 1, -1, now),
		`{"event_type":"leave","camera":"front","zone":"gate","track":7,"box":[0.0000,0.0000,0.0000,0.0000],"entered":"2026-11-29T12:00:10.000Z","left":"2026-11-29T12:00:14.000Z","targets":0,"last_dwell_seconds":4.0}`: z.appendVisit(nil, left, 0, 4, now),
	} {
		if string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if !json.Valid(got) {
			t.Errorf("not JSON: %s", got)
		}
	}
}

// zonedView is a publisher whose camera has zones, its sink, and a subscriber.
func zonedView(t *testing.T) (*Publisher, *Sink, *subscriber) {
	t.Helper()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	p, _ := testPublisher(t, broker.URL(), zoned)
	s, err := p.Sink("front")
	if err != nil {
		t.Fatal(err)
	}
	return p, s, sub
}

// noVisit reads until a new connection has announced everything, which must not be a visit.
func (s *subscriber) noVisit() {
	s.t.Helper()
	for m := range s.messages {
		if m.topic == "edged/board/front/zone/gate/visit" {
			s.t.Errorf("the new connection repeats %s", m.payload)
		}
		if m.topic == "edged/board/status" && m.payload == online {
			break // the node's status comes after all states
		}
	}
}

// A visit that waited for the broker is told once.
func TestAVisitDuringAnOutageIsToldOnce(t *testing.T) {
	t.Parallel()
	p, s, sub := zonedView(t)
	s.Visit(comes(1)) // before the first connection
	stop := run(t, p)
	if got := sub.next("edged/board/front/zone/gate/visit"); !strings.Contains(got.payload, `"event_type":"enter"`) {
		t.Fatalf("visit %s", got.payload)
	}
	sub.until("edged/board/status", online)
	stop()
	run(t, p)
	sub.noVisit()
}

// A visit happens once: a new connection repeats who is in a zone, but not that somebody came.
func TestANewConnectionDoesNotRepeatVisits(t *testing.T) {
	t.Parallel()
	p, s, sub := zonedView(t)
	stop := run(t, p)
	sub.until("edged/board/status", online)
	s.Visit(comes(1))
	if got := sub.next("edged/board/front/zone/gate/visit"); !strings.Contains(got.payload, `"event_type":"enter"`) {
		t.Fatalf("visit %s", got.payload)
	}
	stop()
	run(t, p)
	sub.until("edged/board/front/zone/gate/state", on)
	sub.noVisit()
	s.Visit(leaves(1))
	if got := sub.next("edged/board/front/zone/gate/visit"); !strings.Contains(got.payload, `"event_type":"leave"`) {
		t.Errorf("after the new connection the next visit is %s, want that of who left", got.payload)
	}
}

func TestNamesThatZonesMakeAmbiguous(t *testing.T) {
	for want, change := range map[string]func(*Camera){
		`none of its views and labels may be named "zone"`: func(c *Camera) { c.Labels[1] = "zone" },
		`publish: zone "a/b": '/' has a special meaning`:   func(c *Camera) { c.Zones["front"][0] = "a/b" },
		`view "front": zone "path" appears twice`:          func(c *Camera) { c.Zones["front"][0] = "path" },
	} {
		p := &Publisher{Broker: "tcp://127.0.0.1:1", Node: "board", Cameras: []Camera{{
			Name: "front", Labels: []string{"still", "wave"}, Background: "still", Zones: map[string][]string{"front": {"gate", "path"}},
		}}}
		change(&p.Cameras[0])
		if err := p.Initialize(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// An event that waits on disk keeps its zones. No zones at all and no zone now stay different, and what is no name is left out.
func TestZonesOutliveTheProcess(t *testing.T) {
	e := waves(3, sink.Start)
	e.Zones, e.StartZones, e.PeakZones = []string{"gate", "path"}, []string{}, []string{`x"y`, "gate"}
	for want, e := range map[string]sink.Event{
		`,"zones":["gate","path"],"start_zones":[],"peak_zones":["gate"],`: e,
		`0.0000],"model"`: waves(3, sink.Start),
	} {
		r := newRecord(&queued{Event: e}, "this", clock.Now())
		line := appendLine(nil, entry{Head: 1, Seq: 1, Record: &r})
		read, err := decodeLine(line)
		if err != nil {
			t.Fatal(err)
		}
		q := read.Record.queued("this", 0)
		enc := newEventEncoder(Model{})
		if got := string(enc.append(nil, &q, testView("front", "wave").actions["wave"], clock.Now())); !strings.Contains(got, want) {
			t.Errorf("got %s, want in it %s", got, want)
		}
	}
}
