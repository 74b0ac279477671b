package main

import (
	"log/slog"
	"math"
	"os"
	"strings"
	"time"

	"edged/infer"
	"edged/internal/clock"
	"edged/internal/config"
	"edged/internal/settings"
	"edged/publish"
)

// stateDir is the folder for what must outlive the process; "" = none.
func stateDir(cfg *config.Config) string {
	if cfg.StateDir != "" {
		return cfg.StateDir
	}
	dir, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":") // systemd.exec(5)
	return dir
}

// openState takes over what an earlier process left. Without a folder, or where that fails, edged is still of use.
func (d *daemon) openState() {
	dir := stateDir(d.cfg)
	if dir != "" {
		if err := d.publisher.OpenOutbox(dir); err != nil {
			slog.Error("events would not outlive a restart; the outbox is tried again", "error", err)
		}
	}
	store, err := settings.Open(dir, slog.Default())
	if err != nil {
		slog.Error("what is set will not outlive a restart", "error", err)
	}
	d.settings = store
	for _, v := range d.views {
		d.apply(v, store.View(v.path))
	}
}

// apply puts what was set over the configuration, and tells the broker what then holds. What the model no longer knows stays
// in the file: the model may come back.
func (d *daemon) apply(v *view, s settings.View) {
	d.enable(v, s.Enabled == nil || *s.Enabled)
	for label, base := range v.thresholds {
		score, set := s.Thresholds[label]
		if !set {
			score = float64(base.Enter)
		}
		d.setThreshold(v, label, score)
	}
}

// tellEvery bounds what a flood of commands writes to the log.
const tellEvery = time.Second

// obey does what a command asks. It is called for one command at a time.
func (d *daemon) obey(c publish.Command) {
	v := d.view(c.Path)
	if v == nil {
		return
	}
	log := slog.New(slog.DiscardHandler)
	if now := clock.Monotonic(); now-d.logged >= tellEvery {
		d.logged, log = now, slog.Default()
	}
	switch c.Kind {
	case publish.SetEnabled:
		log.Info("set", "view", c.Path, "enabled", c.On)
		d.enable(v, c.On)
		d.settings.SetEnabled(c.Path, c.On)
	case publish.SetThreshold:
		log.Info("set", "view", c.Path, "label", c.Label, "threshold", c.Score)
		d.setThreshold(v, c.Label, c.Score)
		d.settings.SetThreshold(c.Path, c.Label, c.Score)
	case publish.TakeSnapshot:
		if !v.enabled.Load() {
			log.Warn("no snapshot: the view is not enabled", "view", c.Path)
			return
		}
		v.snapshots.request()
	}
}

func (d *daemon) view(path string) *view {
	for _, v := range d.views {
		if v.path == path {
			return v
		}
	}
	return nil
}

func (d *daemon) enable(v *view, on bool) {
	v.snapshots.cancel()
	v.enabled.Store(on)
	d.publisher.Enabled(v.path, on)
}

// setThreshold sets the score at which the label's actions start. They end at the same share of it as configured.
func (d *daemon) setThreshold(v *view, label string, score float64) {
	base, ok := v.thresholds[label]
	if !ok {
		return
	}
	t := infer.Thresholds{Enter: float32(score)}
	t.Exit = min(t.Enter, t.Enter*base.Exit/base.Enter) // where both are the same, rounding may put it above
	if err := v.pipeline.Decider.SetThresholds(label, t); err != nil {
		slog.Error("threshold not set", "view", v.path, "error", err)
		return
	}
	d.publisher.Threshold(v.path, label, math.Round(score*1e4)/1e4)
}
