package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// notify tells systemd about edged, and does nothing where systemd did not start it.
func notify(state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		slog.Warn("systemd is not told", "state", state, "error", err)
	}
}

// watchdog feeds systemd's watchdog for as long as alive says that there was progress since the last call. It never feeds
// by time alone: a capture loop or an Invoke that hangs must end in a restart.
func watchdog(ctx context.Context, alive func() bool) error {
	limit, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("WATCHDOG_USEC or WATCHDOG_PID: %w", err)
	}
	if limit == 0 {
		return nil
	}
	feed := time.NewTicker(limit / 3)
	defer feed.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-feed.C:
		}
		if alive() {
			notify(systemd.SdNotifyWatchdog)
		} else {
			slog.Error("no progress: the watchdog is not fed")
		}
	}
}
