package main

import (
	"context"
	"encoding/json"
	"time"

	"edged/capture"
	"edged/internal/clock"
)

// statisticsEvery is how often edged/<node>/stats is published.
const statisticsEvery = 10 * time.Second

// nodeStats is the payload of edged/<node>/stats. Counters count since the start.
type nodeStats struct {
	Version       string                 `json:"version"`
	UptimeSeconds int64                  `json:"uptime_seconds"`
	Cameras       map[string]cameraStats `json:"cameras"`

	EventsWaiting  int    `json:"events_waiting"`  // not yet acknowledged by the broker
	EventsDropped  uint64 `json:"events_dropped"`  // the queue was full
	ScoresDropped  uint64 `json:"scores_dropped"`  // no connection, or a newer window came first
	BrokerFailures uint64 `json:"broker_failures"` // tries to connect that failed
	ConsoleDropped uint64 `json:"console_dropped"` // lines that the terminal did not take
}

type cameraStats struct {
	Online         bool    `json:"online"`
	FramesPerSec   float64 `json:"frames_per_second"`  // since the last report
	WindowsPerSec  float64 `json:"windows_per_second"` // since the last report
	InvokeMs       float64 `json:"invoke_ms"`          // mean since the last report
	Delegate       string  `json:"delegate"`
	NodesDelegated int     `json:"nodes_delegated"`
	NodesTotal     int     `json:"nodes_total"`

	Frames         uint64 `json:"frames"`          // that the camera delivered
	OffGrid        uint64 `json:"off_grid"`        // given back undecoded: the model samples fewer
	DroppedLost    uint64 `json:"dropped_lost"`    // never delivered: gaps in the driver's numbers
	DroppedFlagged uint64 `json:"dropped_flagged"` // the driver marked them as damaged
	DroppedEmpty   uint64 `json:"dropped_empty"`
	DroppedCorrupt uint64 `json:"dropped_corrupt"` // did not decode
	DroppedRing    uint64 `json:"dropped_ring"`    // the pipeline still read the slot
	DroppedUnread  uint64 `json:"dropped_unread"`  // left the ring, or became old in a gap, before the pipeline came to it
	Held           uint64 `json:"held"`            // sampling times without a frame: the last one stood in
	Windows        uint64 `json:"windows"`         // runs of the model
	WindowsSkipped uint64 `json:"windows_skipped"` // due while the model ran, replaced by a newer one
	WindowsInvalid uint64 `json:"windows_invalid"` // with a score that is no probability
	Gaps           uint64 `json:"gaps"`            // times that the window was emptied

	// Failures counts the times that the camera could not be opened or went away, by reason.
	Failures map[string]uint64 `json:"failures"`
}

// statistics publishes the node's counters until ctx ends.
func (d *daemon) statistics(ctx context.Context) error {
	ticker := time.NewTicker(statisticsEvery)
	defer ticker.Stop()
	began := clock.Monotonic()
	marks := make([]mark, len(d.watchers))
	for i := range marks {
		marks[i].at = began
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now := clock.Monotonic()
		counters := d.publisher.Counters()
		stats := nodeStats{
			Version:        version,
			UptimeSeconds:  int64((now - began).Seconds()),
			Cameras:        map[string]cameraStats{},
			EventsWaiting:  counters.EventsWaiting,
			EventsDropped:  counters.EventsDropped,
			ScoresDropped:  counters.ScoresSkipped,
			BrokerFailures: counters.ConnectFailures,
			ConsoleDropped: d.console.dropped.Load(),
		}
		for i, w := range d.watchers {
			stats.Cameras[w.name] = w.stats(&marks[i], now)
		}
		payload, err := json.Marshal(stats)
		if err != nil {
			return err // a NaN: a defect of ours, not of the camera's
		}
		d.publisher.Stats(payload)
	}
}

// mark is what the rates of the next report are counted from.
type mark struct {
	at              time.Duration
	frames, windows uint64
	invoke          time.Duration
}

func (w *watcher) stats(since *mark, now time.Duration) cameraStats {
	p, c := &w.pipeline.Stats, &w.counters
	next := mark{at: now, frames: c.Frames.Load(), windows: p.Windows.Load(), invoke: p.Invoke()}
	s := cameraStats{
		Online:         w.online.Load(),
		Frames:         next.frames,
		OffGrid:        w.offGrid.Load(),
		DroppedLost:    c.Lost.Load(),
		DroppedFlagged: c.Flagged.Load(),
		DroppedEmpty:   c.Empty.Load(),
		DroppedCorrupt: w.corrupt.Load(),
		DroppedRing:    w.ring.Dropped(),
		DroppedUnread:  p.Lost.Load(),
		Held:           p.Held.Load(),
		Windows:        next.windows,
		WindowsSkipped: p.Skipped.Load(),
		WindowsInvalid: p.Invalid.Load(),
		Gaps:           p.Gaps.Load(),
		Failures:       map[string]uint64{},
	}
	for kind := range capture.Failures {
		if n := c.Failed[kind].Load(); n > 0 {
			s.Failures[kind.String()] = n
		}
	}
	if info := w.info.Load(); info != nil {
		s.Delegate, s.NodesDelegated, s.NodesTotal = info.Delegate, info.NodesDelegated, info.NodesTotal
	}
	if seconds := (now - since.at).Seconds(); seconds > 0 {
		s.FramesPerSec = float64(next.frames-since.frames) / seconds
		s.WindowsPerSec = float64(next.windows-since.windows) / seconds
	}
	if n := next.windows - since.windows; n > 0 {
		s.InvokeMs = float64((next.invoke - since.invoke).Microseconds()) / 1000 / float64(n)
	}
	*since = next
	return s
}

// alive returns a function that says whether every camera and its pipeline got on since its last call.
func (d *daemon) alive() func() bool {
	last := make([]progress, len(d.watchers))
	return func() bool {
		ok := true
		for i, w := range d.watchers {
			ok = w.alive(&last[i]) && ok // every camera's marks must move
		}
		return ok
	}
}

// progress is what a watcher had done when it was last looked at.
type progress struct {
	frames, attempts, read uint64
	quiet                  int // looks in a row at which the camera was offline without another attempt
}

// quietLooks may pass without an attempt to open an absent camera: its pauses grow, and an attempt may itself take as long
// as a stall.
const quietLooks = 2

func (w *watcher) alive(last *progress) bool {
	now := progress{
		frames:   w.counters.Frames.Load(),
		attempts: w.counters.Attempts.Load(),
		read:     w.pipeline.Stats.Frames.Load() + w.pipeline.Stats.Lost.Load(),
	}
	online := w.online.Load()
	if !online && now.attempts == last.attempts {
		now.quiet = last.quiet + 1
	}
	captured := online && now.frames != last.frames || !online && now.quiet < quietLooks
	newest, filled := w.ring.Newest()
	inferred := !filled || newest.Seq <= now.read || now.read != last.read
	*last = now
	return captured && inferred
}
