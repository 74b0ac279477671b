package publish

import (
	"strings"
	"testing"
	"time"
)

func TestInitializeReportsEverythingAtOnce(t *testing.T) {
	p := &Publisher{
		Broker:    "amqp://broker",
		Node:      "kitchen/left",
		KeepAlive: 30 * time.Second,
		Password:  "hush-hush",
		Cameras: []Camera{
			{Name: "front", Labels: []string{"wave", "wave", "left+right", "", "enabled"}},
			{Name: "front"},
			{Name: "back", Views: []string{"door", "door", "status"}},
			{Name: strings.Repeat("x", 65)},
			{Name: "a\xffb"},
		},
	}
	err := p.Initialize()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`broker 1: must be tcp://HOST:PORT`,
		`node "kitchen/left": '/' has a meaning of its own in topics`,
		`keepalive 30s: must be whole seconds, 10s at most`,
		`a password without a user name`,
		`camera "front": label "wave" is there twice`,
		`label "left+right": '+'`,
		`a label without a name`,
		`camera "front": label "enabled": reserved`,
		`camera "back": view "door" is there twice`,
		`camera "back": view "status": reserved`,
		`two cameras are named "front"`,
		`65 bytes; 64 at most`,
		`camera "a\xffb": not UTF-8`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q", want)
		}
	}
	if strings.Contains(err.Error(), "hush-hush") {
		t.Error("the error shows the password")
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestCallsDoNotAllocate(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1")
	p.board.connect() // as on a living connection, where scores are kept
	e := event(1, Start)
	scores := []float32{0.5, 0.25, 0.25}
	stats := []byte(`{"windows":1}`)
	n := uint64(0)
	if allocs := testing.AllocsPerRun(2000, func() {
		n++
		p.Event(e)
		p.State("front", "wave", n%2 == 0)
		p.CameraStatus("front", n%2 == 0)
		p.Scores("front", n, time.Duration(n), scores)
		p.Stats(stats)
		p.Counters()
	}); allocs != 0 {
		t.Errorf("handing over one of everything allocates %v times", allocs)
	}
	if c := p.Counters(); c.EventsDropped == 0 || c.ScoresSkipped == 0 || c.UnknownNames != 0 {
		t.Errorf("the calls did not do their work: %+v", c)
	}
}

func TestCallsWithUnknownNamesAreCounted(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1")
	p.Event(Event{Source: "back", Label: "wave"})
	p.Event(Event{Source: "front", Label: "jump"})
	p.State("front", "jump", true)
	p.CameraStatus("back", true)
	p.Scores("front", 1, 0, []float32{1})
	if c := p.Counters(); c.UnknownNames != 5 || c.EventsWaiting != 0 {
		t.Errorf("%+v; want 5 unknown names and no event", c)
	}
}
