package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"edged/capture"
	"edged/infer/trial"
)

// lookEvery is how often progress is looked for where no watchdog asks for it.
const lookEvery = 20 * time.Second

// watchdog keeps d.health up to date, and feeds systemd's watchdog for as long as there is progress. It never feeds by time
// alone: a capture loop or an Invoke that hangs must end in a restart.
func (d *daemon) watchdog(ctx context.Context) error {
	limit, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("WATCHDOG_USEC or WATCHDOG_PID: %w", err)
	}
	every := lookEvery
	if limit > 0 {
		every = limit / 3
	}
	alive := d.alive()
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		err := alive()
		d.health.Store(&err)
		if err != nil {
			slog.Error("a stage hangs: the watchdog is not fed", "error", err)
			continue
		}
		if limit > 0 {
			notify(systemd.SdNotifyWatchdog)
		}
	}
}

// healthy says what hangs.
func (d *daemon) healthy() error {
	if err := d.health.Load(); err != nil {
		return *err
	}
	return nil
}

// readiness says what keeps the node from seeing and being heard.
func (d *daemon) readiness() error {
	var errs []error
	if d.info.Load() == nil {
		errs = append(errs, errors.New("the model is being loaded"))
	}
	for _, w := range d.watchers {
		switch s := w.stats(); {
		case !s.Online && s.Reason == "":
			errs = append(errs, fmt.Errorf("camera %s: no picture yet", w.name))
		case !s.Online:
			errs = append(errs, fmt.Errorf("camera %s: offline: %s", w.name, s.Reason))
		}
		for _, v := range w.views {
			if problem := v.problem(); problem != "" {
				errs = append(errs, fmt.Errorf("view %s: %s", v.path, problem))
			}
		}
	}
	if !d.publisher.Counters().Connected {
		errs = append(errs, fmt.Errorf("broker %s: no connection", d.describeBroker()))
	}
	return errors.Join(errs...)
}

// loadWithin is how long the model may take to be loaded, before which no camera is opened: as long as its trial, and some more
// on a board that has other work to begin with.
const loadWithin = trial.Limit + 30*time.Second

// alive returns a function that says which cameras and pipelines did not get on since its last call; nil: all did.
func (d *daemon) alive() func() error {
	last, began := make([]progress, len(d.watchers)), time.Now()
	return func() error {
		if d.info.Load() == nil && time.Since(began) < loadWithin {
			return nil
		}
		var errs []error
		for i, w := range d.watchers {
			if !w.alive(&last[i]) { // every camera's marks must move
				errs = append(errs, fmt.Errorf("camera %s: no progress", w.name))
			}
		}
		return errors.Join(errs...)
	}
}

// progress is what a watcher had done when it was last looked at.
type progress struct {
	frames, attempts, seen uint64
	moved                  time.Time // when there was last seen to be another frame, or another attempt to open the camera
}

// patience is how long a camera may be without a frame or another attempt: one takes two stalls where a program begins a picture and
// then hangs, and a little more until it is killed. Between two attempts there is a pause.
func (w *watcher) patience() time.Duration {
	const end = 2 * time.Second
	if w.online.Load() {
		return 2*w.stallAfter + end
	}
	return 2*w.stallAfter + end + capture.LongestPause
}

func (w *watcher) alive(last *progress) bool {
	now := progress{
		frames:   w.counters.Frames.Load(),
		attempts: w.counters.Attempts.Load(),
		seen:     w.seen(),
		moved:    time.Now(),
	}
	if now.attempts == last.attempts && now.frames == last.frames && !last.moved.IsZero() {
		now.moved = last.moved
	}
	captured := time.Since(now.moved) <= w.patience()
	newest, filled := w.ring.Newest()
	inferred := !filled || newest <= now.seen || now.seen != last.seen
	*last = now
	return captured && inferred
}

// seen is the number of the newest frame that all of the pipelines have come to.
func (w *watcher) seen() uint64 {
	seen := w.views[0].pipeline.Stats.Seen.Load()
	for _, v := range w.views[1:] {
		seen = min(seen, v.pipeline.Stats.Seen.Load())
	}
	return seen
}
