package node

import (
	"fmt"
	"log/slog"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"edged/internal/clock"
	"edged/internal/printable"
)

// notify tells systemd about edged. It does nothing if systemd did not start edged.
func notify(state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		slog.Warn("systemd could not be notified", "state", state, "error", err)
	}
}

// NotifyReady tells systemd that edged has started, or that a reload has ended.
func NotifyReady(status string) {
	if status != "" {
		status = "\nSTATUS=" + printable.Line(status)
	}
	notify(systemd.SdNotifyReady + status)
}

// NotifyStopping tells systemd that edged is ending.
func NotifyStopping() { notify(systemd.SdNotifyStopping) }

// notifyReloading tells systemd that a reload begins (sd_notify(3)). READY=1 ends it.
func notifyReloading() {
	notify(systemd.SdNotifyReloading + fmt.Sprintf("\nMONOTONIC_USEC=%d", clock.Monotonic().Microseconds()))
}
