package infer

import (
	"testing"
	"time"
)

// withRules gives a pipeline that follows these rules, as if it had been built with them.
func withRules(t *testing.T, p *Pipeline, rules ...Derived) {
	t.Helper()
	d, err := NewDecider([]string{"right", "left"}, DeciderOptions{
		Rule: Rule{Thresholds: Thresholds{Enter: 0.6, Exit: 0.4}}, Smoothing: time.Second / 4, Interval: time.Second / 4, Derived: rules,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Decider = d
}

func of(events []Event, label string) (found []Event) {
	for _, e := range events {
		if e.Label == label {
			found = append(found, e)
		}
	}
	return found
}

var thereAndBack = Derived{Name: "back", After: []string{"right"}, Then: []string{"left"}, Within: 3 * time.Second}

func TestOneTargetMustDoAllOfARule(t *testing.T) {
	p, _, show, events := targetsPipeline(t)
	withRules(t, p, thereAndBack)
	for tick := range 90 {
		switch step := float64(tick - 20); {
		case tick < 20:
			show(tick)
		case tick < 50:
			show(tick, [2]float64{30 + 3*step, 60})
		default:
			show(tick, [2]float64{30 + 3*30 - 3*float64(tick-50), 60})
		}
	}
	back := of(*events, "back")
	if len(back) == 0 || back[0].Phase != Start || back[0].Track == 0 || back[0].Box == [4]float64{} {
		t.Fatalf("one went right, then left: %+v, want a start with track and box; all: %+v", back, *events)
	}

	p, _, show, events = targetsPipeline(t)
	withRules(t, p, thereAndBack)
	for tick := range 100 {
		people := [][2]float64{}
		if step := float64(tick - 20); tick >= 20 {
			people = append(people, [2]float64{10 + 3*step, 60})
		}
		if step := float64(tick - 40); tick >= 40 {
			people = append(people, [2]float64{182 - 3*step, 130})
		}
		show(tick, people...)
	}
	if len(of(*events, "right")) == 0 || len(of(*events, "left")) == 0 {
		t.Fatalf("events %+v, want both directions", *events)
	}
	if back := of(*events, "back"); len(back) != 0 {
		t.Errorf("one went right and another left: %+v", back)
	}
}

func TestWhatNobodyDoesIsAboutAllTargets(t *testing.T) {
	p, _, show, events := targetsPipeline(t)
	p.Targets.Zones = halves()
	withRules(t, p, Derived{Name: "quiet", No: []string{"right"}, For: 4 * time.Second})
	crossing(show, 50)
	quiet := of(*events, "quiet")
	if len(quiet) > 0 && len(quiet[0].Zones) != 0 {
		t.Errorf("nobody is in %v", quiet[0].Zones)
	}
	if len(quiet) != 2 || quiet[0].Phase != Start || quiet[1].Phase != End || quiet[0].Track != 0 {
		t.Errorf("events %+v, want quiet to start in the empty scene and to end when somebody walks", quiet)
	}
}

// Who has fallen lies still and becomes background. That must not end the alarm; the next who walks does.
func TestALostTargetsActionGoesOnUntilSomebodyEndsIt(t *testing.T) {
	s := &Targets{pipeline: &Pipeline{}}
	var events []Event
	s.pipeline.OnEvent = func(e Event) {
		if e.Label == "fallen" {
			events = append(events, e)
		}
	}
	s.emit = s.report
	s.template = newScene(t, fallen()).Decider
	s.view = &tracked{decider: s.template}
	play := func(track uint64, from, to time.Duration, scores ...float32) {
		s.now = s.of(track)
		d := s.now.decider
		for at := from; at < to; at += sceneEvery {
			s.now = s.of(track)
			d.Decide(at, scores, s.emit)
			s.endLost(d, at)
		}
	}
	const sec = time.Second
	play(1, 0, sec, 0, 0, 0.8, 0, 0)
	play(1, sec, 13*sec, 0, 0, 0, 0.8, 0)
	s.end(s.active[0])
	s.active = s.active[:0]
	if len(events) != 1 || events[0].Track != 1 {
		t.Fatalf("events %+v, want only a start of target 1", events)
	}
	play(2, 20*sec, 30*sec, 0, 0, 0, 0.8, 0)
	s.gap(true)
	if len(events) != 1 {
		t.Fatalf("a short gap, and somebody else who lies: %+v", events)
	}
	play(3, 40*sec, 41*sec, 0, 0.8, 0, 0, 0)
	if len(events) != 2 || events[1].Phase != End || events[1].Track != 1 || events[1].End != 40*sec {
		t.Errorf("events %+v, want an end for target 1 at 40 s", events)
	}

	play(4, 50*sec, 51*sec, 0, 0, 0.8, 0, 0)
	play(4, 51*sec, 63*sec, 0, 0, 0, 0.8, 0)
	s.gap(true)
	s.gap(false)
	if len(events) != 4 || events[3].Phase != End || len(s.lost) != 0 {
		t.Errorf("events %+v and %d lost targets: want the camera's end to end all", events, len(s.lost))
	}

	// It ends when the view ends, not with the last window of its target.
	play(5, 70*sec, 71*sec, 0, 0, 0.8, 0, 0)
	play(5, 71*sec, 83*sec, 0, 0, 0, 0.8, 0)
	s.gap(true)
	s.template.last = 200 * sec
	s.gap(false)
	if len(events) != 6 || events[5].End != 200*sec {
		t.Errorf("events %+v, want an end at 200 s", events)
	}
}

// An alarm of somebody who is no target any more still tells the broker that it goes on.
func TestALostTargetsActionIsUpdated(t *testing.T) {
	rule := fallen()
	rule.UpdateEvery = time.Minute
	x := newScene(t, rule).play(time.Second, "fall").play(11*time.Second, "lying")
	x.lose(x.note)
	for at := x.now; at < x.now+3*time.Minute; at += sceneEvery {
		x.goOnDerived(at, x.note)
	}
	x.want("fallen start 11s", "fallen update 1m11s", "fallen update 2m11s", "fallen update 3m11s")
}
