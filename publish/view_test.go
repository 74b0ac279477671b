package publish

import (
	"strings"
	"testing"

	"edged/internal/sink"
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

	front(p).SetOnline(true)
	sub.until("edged/board/front/status", "online")
	actionOf(p, "front/door", "wave").SetState(true)
	sub.until("edged/board/front/door/wave/state", "ON")
	viewOf(p, "front/door").SetEnabled(false)
	sub.until("edged/board/front/door/enabled/state", "OFF")
	actionOf(p, "front/door", "wave").SetThreshold(0.55)
	sub.until("edged/board/front/door/wave/threshold/state", "0.55")
	viewOf(p, "front/door").SetSnapshot([]byte{0xff, 0xd8})
	sub.until("edged/board/front/door/snapshot", "\xff\xd8")

	actionOf(p, "front/path", "wave").PublishEvent(event(1, sink.Start))
	if m := sub.next("edged/board/front/path/event"); !strings.Contains(m.payload, `"camera":"front","view":"path"`) {
		t.Errorf("event %s does not name camera and view", m.payload)
	}

	// Whoever comes later learns what is so now, but for the event.
	subscribe(t, broker.URL()).retained(map[string]string{
		"edged/board/front/door/wave/state":           "ON",
		"edged/board/front/door/enabled/state":        "OFF",
		"edged/board/front/door/wave/threshold/state": "0.55",
		"edged/board/front/door/snapshot":             "\xff\xd8",
	})
}
