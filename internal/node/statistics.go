package node

import (
	"context"
	"encoding/json"
	"time"

	"edged/capture"
	"edged/internal/clock"
	"edged/internal/telemetry"
	"edged/internal/terminal"
	"edged/internal/watch"
)

// statisticsEvery is how often edged/<node>/stats is published.
const statisticsEvery = 10 * time.Second

// publishStatistics publishes the node's counters until ctx ends.
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
		payload, err := json.Marshal(n.Statistics())
		if err != nil {
			return err // a NaN: a defect of edged
		}
		n.Publisher.Stats(payload)
		notify("STATUS=" + n.summary())
	}
}

// Statistics is the state of the node's counters now.
func (n *Node) Statistics() telemetry.Node {
	counters, manifest := n.Publisher.Counters(), n.Model.Manifest
	stats := telemetry.Node{
		Node:            n.Config.Node,
		Version:         n.Version,
		UptimeSeconds:   int64((clock.Monotonic() - n.began).Seconds()),
		Model:           telemetry.Model{Name: manifest.Name, Version: manifest.Version, SHA256: n.Model.SHA256},
		Cameras:         map[string]telemetry.Camera{},
		Broker:          n.DescribeBroker(),
		BrokerConnected: counters.Connected,
		BrokerConnects:  counters.Connects,
		BrokerFailures:  counters.ConnectFailures,
		EventsSent:      counters.EventsSent,
		EventsWaiting:   counters.EventsWaiting,
		EventsDropped:   counters.EventsDropped,
		OutboxError:     outboxError(counters),
		SettingsError:   n.settingsError(),
		ScoresDropped:   counters.ScoresSkipped,
		ConsoleDropped:  call(n.ConsoleDropped),
		LogDropped:      call(n.LogDropped),
	}
	stats.CPUCelsius = cpuTemperature()
	stats.CommandsTaken, stats.CommandsRefused = counters.CommandsTaken, counters.CommandsRefused
	if info := n.info.Load(); info != nil {
		m := &stats.Model
		m.Delegate, m.NodesDelegated, m.NodesTotal, m.Threads = info.Delegate, info.NodesDelegated, info.NodesTotal, info.Threads
	}
	for i, c := range n.Cameras {
		camera := cameraStatistics(c)
		camera.Source = capture.ShownSource(n.Config.Cameras[i].Source)
		stats.Cameras[c.Name] = camera
	}
	return stats
}

func call(count func() uint64) uint64 {
	if count == nil {
		return 0
	}
	return count()
}

func cameraStatistics(w *watch.Camera) telemetry.Camera {
	c := &w.Counters
	s := telemetry.Camera{
		Online:         w.Online(),
		FramesPerSec:   w.FramesPerSecond(),
		Frames:         c.Frames.Load(),
		Unwatched:      w.Unwatched.Load(),
		OffGrid:        w.OffGrid.Load(),
		Mistimed:       c.Mistimed.Load(),
		DroppedLost:    c.Lost.Load(),
		DroppedFlagged: c.Flagged.Load(),
		DroppedEmpty:   c.Empty.Load(),
		DroppedCorrupt: w.Corrupt.Load(),
		DroppedRing:    w.Ring.Dropped(),
		Failures:       map[string]uint64{},
		Views:          map[string]telemetry.View{},
	}
	s.Dropped = s.DroppedLost + s.DroppedFlagged + s.DroppedEmpty + s.DroppedCorrupt + s.DroppedRing
	if reason := w.Reason(); reason != nil {
		s.Reason = terminal.OneLine(reason)
	}
	for kind := range capture.Failures {
		if n := c.Failed[kind].Load(); n > 0 {
			s.Failures[kind.String()] = n
		}
	}
	for _, v := range w.Views {
		s.Views[v.Path] = viewStatistics(v)
	}
	return s
}

func viewStatistics(v *watch.View) telemetry.View {
	p := &v.Pipeline.Stats
	s := telemetry.View{
		Enabled:        v.Enabled(),
		WindowsPerSec:  v.WindowsPerSecond(),
		InvokeMs:       v.InvokeMs(),
		Unwatched:      v.Unwatched.Load(),
		DroppedUnread:  p.Lost.Load(),
		Held:           p.Held.Load(),
		Windows:        p.Windows.Load(),
		WindowsGated:   p.Gated.Load(),
		WindowsSkipped: p.Skipped.Load(),
		WindowsInvalid: p.Invalid.Load(),
		Gaps:           p.Gaps.Load(),
		SqueezeSeconds: p.Squeeze().Seconds(),
		InvokeSeconds:  p.Invoke().Seconds(),
	}
	if problem := v.Problem(); problem != nil {
		s.Problem = terminal.OneLine(problem)
	}
	return s
}
