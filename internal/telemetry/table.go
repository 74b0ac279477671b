package telemetry

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Table is the status for a person.
func Table(s Node) string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s%s\n", name, fmt.Sprintf(format, args...))
	}
	row("node", "%s, edged %s, up %v", s.Node, s.Version, time.Duration(s.UptimeSeconds)*time.Second)
	row("model", "%s %s, %s, %d/%d nodes, sha256 %.12s", s.Model.Name, s.Model.Version, s.Model.Delegate,
		s.Model.NodesDelegated, s.Model.NodesTotal, s.Model.SHA256)
	connected := "connected"
	if !s.BrokerConnected {
		connected = "NO CONNECTION"
	}
	row("broker", "%s, %s; events: %d sent, %d waiting, %d dropped", s.Broker, connected, s.EventsSent, s.EventsWaiting, s.EventsDropped)
	if s.OutboxError != "" {
		row("outbox", "DEGRADED, events wait in memory alone: %s", s.OutboxError)
	}
	if s.SettingsError != "" {
		row("settings", "DEGRADED, a restart would forget what was set: %s", s.SettingsError)
	}

	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nCAMERA\tSTATUS\tFRAMES/S\tDROPPED\t")
	for _, name := range slices.Sorted(maps.Keys(s.Cameras)) {
		c := s.Cameras[name]
		status := "online"
		if !c.Online {
			status = "OFFLINE"
		}
		sent := c.Frames + c.DroppedLost + c.DroppedFlagged + c.DroppedEmpty
		fmt.Fprintf(table, "%s\t%s\t%.1f\t%d of %d\t%s\n", name, status, c.FramesPerSec, c.Dropped, sent, c.Reason)
	}
	table.Flush()
	fmt.Fprintln(table, "\nVIEW\tENABLED\tWINDOWS/S\tINVOKE\tRUN\tUNMOVED\tSKIPPED\t")
	for _, name := range slices.Sorted(maps.Keys(s.Cameras)) {
		views := s.Cameras[name].Views
		for _, path := range slices.Sorted(maps.Keys(views)) {
			viewRow(table, path, views[path])
		}
	}
	table.Flush()
	return b.String()
}

func viewRow(w io.Writer, path string, v View) {
	enabled := "yes"
	if !v.Enabled {
		enabled = "NO"
	}
	fmt.Fprintf(w, "%s\t%s\t%.1f\t%.1f ms\t%d\t%d\t%d\t%s\n", path, enabled, v.WindowsPerSec, v.InvokeMs,
		v.Windows, v.WindowsGated, v.WindowsSkipped, v.Problem)
}
