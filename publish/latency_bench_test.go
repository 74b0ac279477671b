package publish

import (
	"slices"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"edged/internal/sink"
	"edged/internal/testkit"
)

// BenchmarkLatency measures from the call to the subscriber's handler, through a mosquitto on this machine: Publisher.Event
// and Publisher.Scores against a bare paho client that publishes the same bytes.
func BenchmarkLatency(b *testing.B) {
	broker := testkit.StartMosquitto(b)
	sub := subscribe(b, broker.URL())
	p, _ := testPublisher(b, broker.URL())
	run(b, p)
	sub.until("edged/board/status", "online")
	bare := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(broker.URL()).SetClientID("bare"))
	if token := bare.Connect(); !token.WaitTimeout(eventually) || token.Error() != nil {
		b.Fatalf("bare client: %v", token.Error())
	}
	b.Cleanup(func() { bare.Disconnect(100) })

	scores := []float32{0.5, 0.25, 0.25}
	e := event(1, sink.Start)
	eventJSON := p.encoder.append(nil, &queued{Event: e}, p.states.action("front", "wave"), p.now())
	scoresJSON := appendScores(nil, p.states.views["front"].labels, window{scores: scores}, p.now())

	for _, c := range []struct {
		name, topic string
		send        func()
	}{
		{"event", "edged/board/front/event", func() { actionOf(p, "front", "wave").PublishEvent(e) }},
		{"event by bare paho", "edged/bare", func() { bare.Publish("edged/bare", 1, false, eventJSON) }},
		{"scores", "edged/board/front/scores", func() { viewOf(p, "front").SetScores(1, e.Newest, scores) }},
		{"scores by bare paho", "edged/bare", func() { bare.Publish("edged/bare", 0, false, scoresJSON) }},
	} {
		b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			var latencies []time.Duration
			for b.Loop() {
				sent := time.Now()
				c.send()
				sub.next(c.topic)
				latencies = append(latencies, time.Since(sent))
			}
			slices.Sort(latencies)
			b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds()), "p99-µs")
		})
	}
}
