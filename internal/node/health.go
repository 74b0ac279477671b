package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"edged/infer/trial"
	"edged/internal/watch"
)

// checkEvery is how often the node checks its progress where no watchdog asks for it.
const checkEvery = 20 * time.Second

// watchdog checks the node's progress, and feeds systemd's watchdog only while there is some: a capture loop or a model that hangs must
// end in a restart.
func (n *Node) watchdog(ctx context.Context) error {
	limit, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("WATCHDOG_USEC or WATCHDOG_PID: %w", err)
	}
	every := checkEvery
	if limit > 0 {
		every = limit / 3
	}
	check := n.newProgressCheck()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := check()
		n.health.Store(&err)
		if err != nil {
			slog.Error("a stage hangs; the watchdog gets no sign of life", "error", err)
			continue
		}
		if limit > 0 {
			notify(systemd.SdNotifyWatchdog)
		}
	}
}

// Healthy returns nil while every stage makes progress, else which one hangs.
func (n *Node) Healthy() error {
	if err := n.health.Load(); err != nil {
		return *err
	}
	return nil
}

// loadWithin is how long loading the model may take; no camera is opened before. It is as long as the model's trial, and some more for
// a board that is busy while it starts.
const loadWithin = trial.Limit + 30*time.Second

// newProgressCheck returns a function that says which cameras and pipelines have made no progress since its last call; nil if all have.
func (n *Node) newProgressCheck() func() error {
	last, began := make([]watch.Progress, len(n.Cameras)), time.Now()
	return func() error {
		if !n.loaded() && time.Since(began) < loadWithin {
			return nil
		}
		var errs []error
		for i, c := range n.Cameras {
			if !c.CheckProgress(&last[i]) {
				errs = append(errs, fmt.Errorf("camera %s: no progress", c.Name))
			}
		}
		return errors.Join(errs...)
	}
}
