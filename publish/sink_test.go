package publish

import (
	"strings"
	"testing"
	"time"

	"edged/internal/sink"
	"edged/internal/testkit"
)

// Names that the configuration lacks are an error when they are looked up, which is at the start.
func TestUnknownNamesAreErrors(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	_, camera := p.Camera("back")
	_, view := p.View("front/door")
	front, err := p.View("front")
	if err != nil {
		t.Fatal(err)
	}
	_, label := front.Action("jump")
	_, background := front.Action("still")
	_, wiring := p.Sink("front", "back")
	for want, err := range map[string]error{
		`no camera "back"`:                    camera,
		`no view "front/door"`:                view,
		`view "front" has no action "jump"`:   label,
		`view "front" has no action "still"`:  background,
		`no view "back" in Publisher.Cameras`: wiring,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSinkPublishesWhatItReceives(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	p, _ := testPublisher(t, broker.URL(), func(p *Publisher) { p.Cameras[0].Derived = []string{"fallen"} })
	s, err := p.Sink("front")
	if err != nil {
		t.Fatal(err)
	}
	run(t, p)
	sub.until("edged/board/status", online)

	s.Event(sink.Event{ID: sink.ID{Run: "5f1c09ab", N: 6}, View: "front", Label: "fallen", Phase: sink.Start})
	sub.until("edged/board/front/fallen/state", on)
	s.Camera(sink.Camera{Name: "front", Online: true})
	sub.until("edged/board/front/status", online)
	s.View(sink.View{Path: "front", Enabled: true, Thresholds: map[string]float64{"wave": float64(float32(0.55))}})
	sub.until("edged/board/front/enabled/state", on)
	sub.until("edged/board/front/wave/threshold/state", "0.55")
	s.Event(sink.Event{ID: sink.ID{Run: "5f1c09ab", N: 7}, View: "front", Label: "wave", Phase: sink.Start})
	sub.until("edged/board/front/wave/state", on)
	s.Window(sink.Window{View: "front", N: 3, Time: time.Second, Scores: []float32{1, 0, 0}})
	sub.next("edged/board/front/scores")
	s.Event(sink.Event{ID: sink.ID{Run: "5f1c09ab", N: 7}, View: "front", Label: "wave", Phase: sink.End})
	sub.until("edged/board/front/wave/state", off)
	if last := string(p.states.views["front"].last.value); !strings.Contains(last, `"id":"5f1c09ab-7","event_type":"wave","phase":"end"`) {
		t.Errorf("the last event is %s", last)
	}
}

func TestStateIsOnWhileAnyTargetDoesIt(t *testing.T) {
	p := &Publisher{Node: "n", Broker: "tcp://127.0.0.1:1", Cameras: []Camera{{Name: "c", Labels: []string{"walk"}}}}
	if err := p.Initialize(); err != nil {
		t.Fatal(err)
	}
	s, err := p.Sink("c")
	if err != nil {
		t.Fatal(err)
	}
	state := func() string { return string(p.states.action("c", "walk").state.value) }
	for i, step := range []struct {
		track uint64
		phase sink.Phase
		want  string
	}{{1, sink.Start, on}, {2, sink.Start, on}, {1, sink.End, on}, {2, sink.Update, on}, {2, sink.End, off}} {
		s.Event(sink.Event{Camera: "c", View: "c", Label: "walk", Phase: step.phase, Track: step.track})
		if got := state(); got != step.want {
			t.Errorf("step %d: state %s, want %s", i+1, got, step.want)
		}
	}
}

func TestSinkDoesNotAllocate(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	s, err := p.Sink("front")
	if err != nil {
		t.Fatal(err)
	}
	p.states.connect() // without a connection scores are dropped
	update := sink.Event{ID: sink.ID{Run: "5f1c09ab", N: 7}, View: "front", Label: "wave", Phase: sink.Update}
	w := sink.Window{View: "front", Scores: []float32{0.5, 0.25, 0.25}}
	stats := []byte(`{"windows":1}`)
	if n := testing.AllocsPerRun(2000, func() {
		w.N++
		w.Time += time.Second
		s.Window(w)
		s.Event(update)
		s.Camera(sink.Camera{Name: "front", Online: w.N%2 == 0})
		p.SetStats(stats)
		p.Counters()
	}); n != 0 {
		t.Errorf("handing over one of everything allocates %v times", n)
	}
	if c := p.Counters(); c.EventsDropped == 0 || c.ScoresSkipped == 0 {
		t.Errorf("the calls did not do their work: %+v", c)
	}
}
