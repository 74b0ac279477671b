package node

import (
	"context"
	"slices"
	"time"

	"edged/capture"
	"edged/internal/clock"
	"edged/internal/printable"
	"edged/internal/telemetry"
)

// statisticsEvery is how often edged/<node>/stats is published.
const statisticsEvery = 10 * time.Second

// publishStatistics publishes the node's values until ctx ends.
func (n *Node) publishStatistics(ctx context.Context) error {
	ticker := time.NewTicker(statisticsEvery)
	defer ticker.Stop()
	for _, c := range n.Cameras {
		c.StartRates(n.began)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for _, c := range n.Cameras {
			c.Measure(clock.Monotonic())
		}
		payload, err := n.Telemetry().JSON()
		if err != nil {
			return err // a NaN: a defect of edged
		}
		n.Publisher.SetStats(payload)
		notify("STATUS=" + printable.Line(n.summary()))
	}
}

// Telemetry is what the node's values are read from.
func (n *Node) Telemetry() *telemetry.Node {
	t := &telemetry.Node{
		Name:           n.Config.Node,
		Version:        n.Version,
		Uptime:         clock.Monotonic() - n.began,
		Celsius:        cpuTemperature(),
		Broker:         n.DescribeBroker(),
		Publisher:      n.Publisher.Counters(),
		SettingsError:  n.State.Settings.Err(),
		TeachError:     n.State.Teacher.Degraded(),
		ConsoleDropped: call(n.ConsoleDropped),
		LogDropped:     call(n.LogDropped),
	}
	if n.Recorder != nil {
		recording := n.Recorder.Stats()
		t.Recording = &recording
	}
	for i, c := range n.Cameras {
		t.Cameras = append(t.Cameras, telemetry.Camera{Camera: c, Source: capture.ShownSource(n.Config.Cameras[i].Source)})
	}
	for _, e := range n.Engines {
		m := telemetry.Model{Model: e.Model, Engine: e.Info()}
		for i, c := range n.Cameras {
			if slices.Contains(e.Cameras, c) {
				m.Cameras = append(m.Cameras, t.Cameras[i])
			}
		}
		t.Models = append(t.Models, m)
	}
	return t
}

func call(count func() uint64) uint64 {
	if count == nil {
		return 0
	}
	return count()
}
