package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"edged/capture"
	"edged/internal/clock"
)

// statisticsEvery is how often edged/<node>/stats is published.
const statisticsEvery = 10 * time.Second

// nodeStats is the payload of edged/<node>/stats and of the page /status. Counters count since the start, rates are of the
// last statisticsEvery.
type nodeStats struct {
	Node          string                 `json:"node"`
	Version       string                 `json:"version"`
	UptimeSeconds int64                  `json:"uptime_seconds"`
	Model         modelStats             `json:"model"`
	CPUCelsius    *float64               `json:"cpu_temperature_celsius,omitempty"` // absent: the machine does not say
	Cameras       map[string]cameraStats `json:"cameras"`

	Broker          string `json:"broker"`
	BrokerConnected bool   `json:"broker_connected"`
	BrokerConnects  uint64 `json:"broker_connects"`
	BrokerFailures  uint64 `json:"broker_failures"` // tries to connect that failed
	EventsSent      uint64 `json:"events_sent"`     // acknowledged by the broker
	EventsWaiting   int    `json:"events_waiting"`  // not yet acknowledged
	EventsDropped   uint64 `json:"events_dropped"`  // the queue was full
	ScoresDropped   uint64 `json:"scores_dropped"`  // no connection, or a newer window came first
	CommandsTaken   uint64 `json:"commands_taken"`
	CommandsRefused uint64 `json:"commands_refused"` // for what they asked
	ConsoleDropped  uint64 `json:"console_dropped"`  // lines that the terminal did not take
}

type modelStats struct {
	Name           string `json:"name"`
	Version        string `json:"version"`
	SHA256         string `json:"sha256"`
	Delegate       string `json:"delegate"` // that runs; "" while the model is being loaded
	NodesDelegated int    `json:"nodes_delegated"`
	NodesTotal     int    `json:"nodes_total"`
	Threads        int    `json:"threads"`
}

type cameraStats struct {
	Source        string  `json:"source"`
	Online        bool    `json:"online"`
	Reason        string  `json:"reason,omitempty"` // why it is offline
	FramesPerSec  float64 `json:"frames_per_second"`
	WindowsPerSec float64 `json:"windows_per_second"`
	InvokeMs      float64 `json:"invoke_ms"` // mean

	Frames         uint64  `json:"frames"`          // that the camera delivered
	Enabled        bool    `json:"enabled"`         // frames are looked at
	Unwatched      uint64  `json:"unwatched"`       // frames while they were not
	OffGrid        uint64  `json:"off_grid"`        // given back undecoded: the model samples fewer
	DroppedLost    uint64  `json:"dropped_lost"`    // never delivered: gaps in the driver's numbers
	DroppedFlagged uint64  `json:"dropped_flagged"` // the driver marked them as damaged
	DroppedEmpty   uint64  `json:"dropped_empty"`
	DroppedCorrupt uint64  `json:"dropped_corrupt"` // did not decode
	DroppedRing    uint64  `json:"dropped_ring"`    // the pipeline still read the slot
	DroppedUnread  uint64  `json:"dropped_unread"`  // left the ring, or became old in a gap, before the pipeline came to it
	Held           uint64  `json:"held"`            // sampling times without a frame: the last one stood in
	Windows        uint64  `json:"windows"`         // runs of the model
	WindowsSkipped uint64  `json:"windows_skipped"` // due while the model ran, replaced by a newer one
	WindowsInvalid uint64  `json:"windows_invalid"` // with a score that is no probability
	Gaps           uint64  `json:"gaps"`            // times that the window was emptied
	SqueezeSeconds float64 `json:"squeeze_seconds"` // spent in keeping the window up to date
	InvokeSeconds  float64 `json:"invoke_seconds"`  // spent in running the model

	// Failures counts the times that the camera could not be opened or went away, by reason.
	Failures map[string]uint64 `json:"failures"`
}

// statistics publishes the node's counters until ctx ends.
func (d *daemon) statistics(ctx context.Context) error {
	ticker := time.NewTicker(statisticsEvery)
	defer ticker.Stop()
	marks := make([]mark, len(d.watchers))
	for i := range marks {
		marks[i].at = d.began
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for i, w := range d.watchers {
			w.rates.Store(w.since(&marks[i], clock.Monotonic()))
		}
		payload, err := json.Marshal(d.stats())
		if err != nil {
			return err // a NaN: a defect of ours, not of the camera's
		}
		d.publisher.Stats(payload)
		notify("STATUS=" + d.summary())
	}
}

// summary is one line for systemctl status.
func (d *daemon) summary() string {
	if err := d.readiness(); err != nil {
		return oneLine(err)
	}
	windows := 0.0
	for _, w := range d.watchers {
		windows += w.stats().WindowsPerSec
	}
	return fmt.Sprintf("%d of %d cameras online, %.1f windows/s, broker connected", len(d.watchers), len(d.watchers), windows)
}

// stats is how the node is doing now.
func (d *daemon) stats() nodeStats {
	counters, manifest := d.publisher.Counters(), d.model.Manifest
	stats := nodeStats{
		Node:            d.cfg.Node,
		Version:         version,
		UptimeSeconds:   int64((clock.Monotonic() - d.began).Seconds()),
		Model:           modelStats{Name: manifest.Name, Version: manifest.Version, SHA256: d.model.SHA256},
		Cameras:         map[string]cameraStats{},
		Broker:          describeBroker(d.cfg.MQTT),
		BrokerConnected: counters.Connected,
		BrokerConnects:  counters.Connects,
		BrokerFailures:  counters.ConnectFailures,
		EventsSent:      counters.EventsSent,
		EventsWaiting:   counters.EventsWaiting,
		EventsDropped:   counters.EventsDropped,
		ScoresDropped:   counters.ScoresSkipped,
		ConsoleDropped:  d.console.dropped.Load(),
	}
	stats.CPUCelsius = cpuTemperature()
	stats.CommandsTaken, stats.CommandsRefused = counters.CommandsTaken, counters.CommandsRefused
	for i, w := range d.watchers {
		if info := w.info.Load(); info != nil {
			m := &stats.Model
			m.Delegate, m.NodesDelegated, m.NodesTotal, m.Threads = info.Delegate, info.NodesDelegated, info.NodesTotal, info.Threads
		}
		camera := w.stats()
		camera.Source = d.cfg.Cameras[i].Source
		stats.Cameras[w.name] = camera
	}
	return stats
}

// rates are those of the last stretch of time.
type rates struct{ framesPerSec, windowsPerSec, invokeMs float64 }

// mark is what the next rates are counted from.
type mark struct {
	at              time.Duration
	frames, windows uint64
	invoke          time.Duration
}

// since returns the rates since the mark, and moves it to now.
func (w *watcher) since(last *mark, now time.Duration) *rates {
	p := &w.pipeline.Stats
	next := mark{at: now, frames: w.counters.Frames.Load(), windows: p.Windows.Load(), invoke: p.Invoke()}
	var r rates
	if seconds := (now - last.at).Seconds(); seconds > 0 {
		r.framesPerSec = float64(next.frames-last.frames) / seconds
		r.windowsPerSec = float64(next.windows-last.windows) / seconds
	}
	if n := next.windows - last.windows; n > 0 {
		r.invokeMs = float64((next.invoke - last.invoke).Microseconds()) / 1000 / float64(n)
	}
	*last = next
	return &r
}

func (w *watcher) stats() cameraStats {
	p, c := &w.pipeline.Stats, &w.counters
	s := cameraStats{
		Online:         w.online.Load(),
		Frames:         c.Frames.Load(),
		Enabled:        w.enabled.Load(),
		Unwatched:      w.unwatched.Load(),
		OffGrid:        w.offGrid.Load(),
		DroppedLost:    c.Lost.Load(),
		DroppedFlagged: c.Flagged.Load(),
		DroppedEmpty:   c.Empty.Load(),
		DroppedCorrupt: w.corrupt.Load(),
		DroppedRing:    w.ring.Dropped(),
		DroppedUnread:  p.Lost.Load(),
		Held:           p.Held.Load(),
		Windows:        p.Windows.Load(),
		WindowsSkipped: p.Skipped.Load(),
		WindowsInvalid: p.Invalid.Load(),
		Gaps:           p.Gaps.Load(),
		SqueezeSeconds: p.Squeeze().Seconds(),
		InvokeSeconds:  p.Invoke().Seconds(),
		Failures:       map[string]uint64{},
	}
	if reason := w.reason.Load(); reason != nil && !s.Online {
		s.Reason = oneLine(*reason)
	}
	if r := w.rates.Load(); r != nil {
		s.FramesPerSec, s.WindowsPerSec, s.InvokeMs = r.framesPerSec, r.windowsPerSec, r.invokeMs
	}
	for kind := range capture.Failures {
		if n := c.Failed[kind].Load(); n > 0 {
			s.Failures[kind.String()] = n
		}
	}
	return s
}
