package publish

import (
	"strings"
	"testing"

	"edged/internal/testkit"
)

func TestViewsHaveTopicsOfTheirOwn(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	p, _ := testPublisher(t, broker.URL(), func(p *Publisher) {
		p.Cameras = []Camera{{Name: "front", Views: []string{"door", "path"}, Labels: []string{"wave"}, Snapshots: true}}
	})
	run(t, p)
	sub.until("edged/board/status", "online")

	p.CameraStatus("front", true)
	sub.until("edged/board/front/status", "online")
	p.State("front/door", "wave", true)
	sub.until("edged/board/front/door/wave/state", "ON")
	p.Enabled("front/door", false)
	sub.until("edged/board/front/door/enabled/state", "OFF")
	p.Threshold("front/door", "wave", 0.55)
	sub.until("edged/board/front/door/wave/threshold/state", "0.55")
	p.Snapshot("front/door", []byte{0xff, 0xd8})
	sub.until("edged/board/front/door/snapshot", "\xff\xd8")

	e := event(1, Start)
	e.Source = "front/path"
	p.Event(e)
	if m := sub.next("edged/board/front/path/event"); !strings.Contains(m.payload, `"camera":"front","view":"path"`) {
		t.Errorf("event %s does not name camera and view", m.payload)
	}
	if c := p.Counters(); c.UnknownNames != 0 {
		t.Errorf("%d names were unknown", c.UnknownNames)
	}

	// Whoever comes later learns what is so now, but for the event.
	subscribe(t, broker.URL()).retained(map[string]string{
		"edged/board/front/door/wave/state":           "ON",
		"edged/board/front/door/enabled/state":        "OFF",
		"edged/board/front/door/wave/threshold/state": "0.55",
		"edged/board/front/door/snapshot":             "\xff\xd8",
	})
}
