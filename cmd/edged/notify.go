package main

import (
	"log/slog"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// notify tells systemd about edged, and does nothing where systemd did not start it.
func notify(state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		slog.Warn("systemd is not told", "state", state, "error", err)
	}
}
