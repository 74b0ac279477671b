package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"edged/capture"
	"edged/internal/clock"
	"edged/publish"
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
	BrokerFailures  uint64 `json:"broker_failures"`          // tries to connect that failed
	EventsSent      uint64 `json:"events_sent"`              // acknowledged by the broker
	EventsWaiting   int    `json:"events_waiting"`           // not yet acknowledged
	EventsDropped   uint64 `json:"events_dropped"`           // too many, too large, too old, or of what the configuration no longer has
	OutboxError     string `json:"outbox_error,omitempty"`   // why events wait in memory alone
	SettingsError   string `json:"settings_error,omitempty"` // why what was set is in memory alone
	ScoresDropped   uint64 `json:"scores_dropped"`           // no connection, or a newer window came first
	CommandsTaken   uint64 `json:"commands_taken"`
	CommandsRefused uint64 `json:"commands_refused"` // for what they asked, and what is too large to be one
	ConsoleDropped  uint64 `json:"console_dropped"`  // lines that the terminal did not take
	LogDropped      uint64 `json:"log_dropped"`      // lines that stderr did not take
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
	Source       string  `json:"source"`
	Online       bool    `json:"online"`
	Reason       string  `json:"reason,omitempty"` // why it is offline
	FramesPerSec float64 `json:"frames_per_second"`

	Frames         uint64 `json:"frames"`          // that the camera delivered whole
	Unwatched      uint64 `json:"unwatched"`       // frames while no view was enabled
	OffGrid        uint64 `json:"off_grid"`        // given back undecoded: the model samples fewer
	Mistimed       uint64 `json:"mistimed"`        // the driver's time made no sense: that of arrival was taken
	DroppedLost    uint64 `json:"dropped_lost"`    // never delivered: gaps in the driver's numbers
	DroppedFlagged uint64 `json:"dropped_flagged"` // the driver marked them as damaged
	DroppedEmpty   uint64 `json:"dropped_empty"`
	DroppedCorrupt uint64 `json:"dropped_corrupt"` // did not decode
	DroppedRing    uint64 `json:"dropped_ring"`    // a pipeline still read the slot
	Dropped        uint64 `json:"dropped"`         // all of these

	// Failures counts the times that the camera could not be opened or went away, by reason.
	Failures map[string]uint64 `json:"failures"`
	// Views are what is watched by itself, by name: the camera's own where it has no others.
	Views map[string]viewStats `json:"views"`
}

type viewStats struct {
	Enabled       bool    `json:"enabled"`           // frames are looked at
	Problem       string  `json:"problem,omitempty"` // why there are no windows
	WindowsPerSec float64 `json:"windows_per_second"`
	InvokeMs      float64 `json:"invoke_ms"` // mean

	Unwatched      uint64  `json:"unwatched"`       // frames while it was not enabled
	DroppedUnread  uint64  `json:"dropped_unread"`  // left the ring, or became old in a gap, before the pipeline came to it
	Held           uint64  `json:"held"`            // sampling times without a frame: the last one stood in
	Windows        uint64  `json:"windows"`         // runs of the model
	WindowsGated   uint64  `json:"windows_gated"`   // due, and not looked at since nothing moved
	WindowsSkipped uint64  `json:"windows_skipped"` // due while the model ran, replaced by a newer one
	WindowsInvalid uint64  `json:"windows_invalid"` // with a score that is no probability
	Gaps           uint64  `json:"gaps"`            // times that the window was emptied
	SqueezeSeconds float64 `json:"squeeze_seconds"` // spent in keeping the window up to date
	InvokeSeconds  float64 `json:"invoke_seconds"`  // spent in running the model
}

// statistics publishes the node's counters until ctx ends.
func (d *daemon) statistics(ctx context.Context) error {
	ticker := time.NewTicker(statisticsEvery)
	defer ticker.Stop()
	for _, w := range d.watchers {
		w.mark = mark{at: d.began}
		for _, v := range w.views {
			v.mark, v.stretch = mark{at: d.began}, stretch{since: d.began}
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for _, w := range d.watchers {
			w.measure(clock.Monotonic())
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
	for _, v := range d.views {
		windows += v.stats().WindowsPerSec
	}
	line := fmt.Sprintf("%d of %d cameras online, %.1f windows/s, broker connected", len(d.watchers), len(d.watchers), windows)
	if reason := outboxError(d.publisher.Counters()); reason != "" {
		line += "; degraded: events wait in memory alone: " + reason
	}
	if reason := d.settingsError(); reason != "" {
		line += "; degraded: a restart would forget what was set: " + reason
	}
	return line
}

func outboxError(c publish.Counters) string {
	if c.OutboxError == nil {
		return ""
	}
	return oneLine(c.OutboxError)
}

func (d *daemon) settingsError() string {
	if d.settings == nil || d.settings.Err() == nil {
		return ""
	}
	return oneLine(d.settings.Err())
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
		Broker:          d.describeBroker(),
		BrokerConnected: counters.Connected,
		BrokerConnects:  counters.Connects,
		BrokerFailures:  counters.ConnectFailures,
		EventsSent:      counters.EventsSent,
		EventsWaiting:   counters.EventsWaiting,
		EventsDropped:   counters.EventsDropped,
		OutboxError:     outboxError(counters),
		SettingsError:   d.settingsError(),
		ScoresDropped:   counters.ScoresSkipped,
		ConsoleDropped:  d.console.dropped.Load(),
		LogDropped:      logDropped.Load(),
	}
	stats.CPUCelsius = cpuTemperature()
	stats.CommandsTaken, stats.CommandsRefused = counters.CommandsTaken, counters.CommandsRefused
	if info := d.info.Load(); info != nil {
		m := &stats.Model
		m.Delegate, m.NodesDelegated, m.NodesTotal, m.Threads = info.Delegate, info.NodesDelegated, info.NodesTotal, info.Threads
	}
	for i, w := range d.watchers {
		camera := w.stats()
		camera.Source = capture.ShownSource(d.cfg.Cameras[i].Source)
		stats.Cameras[w.name] = camera
	}
	return stats
}

// mark is what the next rates are counted from.
type mark struct {
	at     time.Duration
	count  uint64
	invoke time.Duration
}

// rates are those of the last stretch of time.
type rates struct{ perSec, invokeMs float64 }

// to returns the rates from the mark to the next one, which takes its place.
func (m *mark) to(next mark) *rates {
	var r rates
	n := next.count - m.count
	if seconds := (next.at - m.at).Seconds(); seconds > 0 {
		r.perSec = float64(n) / seconds
	}
	if n > 0 {
		r.invokeMs = float64((next.invoke - m.invoke).Microseconds()) / 1000 / float64(n)
	}
	*m = next
	return &r
}

// measure makes the rates since the last time.
func (w *watcher) measure(now time.Duration) {
	w.rates.Store(w.mark.to(mark{at: now, count: w.counters.Frames.Load()}))
	for _, v := range w.views {
		p := &v.pipeline.Stats
		v.rates.Store(v.mark.to(mark{at: now, count: p.Windows.Load(), invoke: p.Invoke()}))
		v.starve(now, w.online.Load(), w.model.Manifest.FrameRate)
	}
}

func (w *watcher) stats() cameraStats {
	c := &w.counters
	s := cameraStats{
		Online:         w.online.Load(),
		Frames:         c.Frames.Load(),
		Unwatched:      w.unwatched.Load(),
		OffGrid:        w.offGrid.Load(),
		Mistimed:       c.Mistimed.Load(),
		DroppedLost:    c.Lost.Load(),
		DroppedFlagged: c.Flagged.Load(),
		DroppedEmpty:   c.Empty.Load(),
		DroppedCorrupt: w.corrupt.Load(),
		DroppedRing:    w.ring.Dropped(),
		Failures:       map[string]uint64{},
		Views:          map[string]viewStats{},
	}
	s.Dropped = s.DroppedLost + s.DroppedFlagged + s.DroppedEmpty + s.DroppedCorrupt + s.DroppedRing
	if reason := w.reason.Load(); reason != nil && !s.Online {
		s.Reason = oneLine(*reason)
	}
	if r := w.rates.Load(); r != nil {
		s.FramesPerSec = r.perSec
	}
	for kind := range capture.Failures {
		if n := c.Failed[kind].Load(); n > 0 {
			s.Failures[kind.String()] = n
		}
	}
	for _, v := range w.views {
		s.Views[v.path] = v.stats()
	}
	return s
}

func (v *view) stats() viewStats {
	p := &v.pipeline.Stats
	s := viewStats{
		Enabled:        v.enabled.Load(),
		Problem:        v.problem(),
		Unwatched:      v.unwatched.Load(),
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
	if r := v.rates.Load(); r != nil {
		s.WindowsPerSec, s.InvokeMs = r.perSec, r.invokeMs
	}
	return s
}
