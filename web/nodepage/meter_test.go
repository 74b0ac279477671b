package nodepage

import (
	"testing"
	"time"

	"edged/internal/durations"
	"edged/internal/telemetry"
	"edged/internal/watch"
	"edged/publish"
	"edged/ringbuffer"
)

func TestMeterMeasuresSinceTheLastTime(t *testing.T) {
	view := &watch.View{Path: "gate"}
	camera := &watch.Camera{Name: "gate", Ring: ringbuffer.New(2, 3), Views: []*watch.View{view}}
	node := &telemetry.Node{Cameras: []telemetry.Camera{{Camera: camera}}}
	camera.Counters.Lost.Store(100)
	view.Pipeline.Stats.Invokes.Add(time.Hour)
	var m meter
	began := time.Now()
	m.measure(node, began)

	camera.Counters.Lost.Store(120)
	for range 99 {
		view.Pipeline.Stats.Invokes.Add(4 * time.Millisecond)
	}
	view.Pipeline.Stats.Invokes.Add(100 * time.Millisecond)
	var acks durations.Histogram
	for range 99 {
		acks.Add(10 * time.Millisecond)
	}
	acks.Add(time.Second)
	node.Publisher = publish.Counters{AckTimes: acks.Counts()}
	got := m.measure(node, began.Add(10*time.Second))
	for name, bounds := range map[string][2]float64{
		"dropped gate lost": {2, 2}, "invoke_p50 gate": {4, 5}, "invoke_p99 gate": {4, 5}, "ack_p50": {10, 12.5}, "ack_p99": {10, 12.5}, "cpu": {0, 1000}, "memory": {1, 10_000},
	} {
		if v, ok := got[name]; !ok || v < bounds[0] || v > bounds[1] {
			t.Errorf("%s is %v, want %v", name, v, bounds)
		}
	}
	if _, ok := m.measure(node, began.Add(20*time.Second))["ack_p50"]; ok {
		t.Error("an acknowledgement is measured though none came")
	}
}
