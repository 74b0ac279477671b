package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"edged/internal/config"
)

type statusCmd struct {
	Config string `short:"c" type:"path" placeholder:"FILE" help:"Configuration of the daemon that is asked, for its address."`
	URL    string `placeholder:"URL" help:"The daemon's address, in place of the configuration's: http://HOST:PORT."`
	JSON   bool   `help:"As JSON, with every counter."`
}

// maxStatus bounds what is read of an answer; a real one has a few kilobytes.
const maxStatus = 1 << 20

// Run asks the running daemon and prints a table. It fails where none answers; whether all is well, /readyz says to scripts.
func (s *statusCmd) Run(ctx context.Context, out output) error {
	if s.URL == "" {
		cfg, err := loadConfig(s.Config, config.LoadPublic)
		if err != nil {
			return err
		}
		if cfg.Web.Listen == "" {
			return errors.New("status: web.listen is empty: the daemon has no page to ask")
		}
		s.URL = "http://" + cfg.Web.Listen
	}
	body, err := fetch(ctx, s.URL+"/status")
	if err != nil {
		return fmt.Errorf("status: no edged answers: %w", err)
	}
	if s.JSON {
		_, err := out.Write(body)
		return err
	}
	var stats nodeStats
	if err := json.Unmarshal(body, &stats); err != nil {
		return fmt.Errorf("status: %s is not edged's: %w", s.URL, err)
	}
	_, err = io.WriteString(out, statusTable(stats))
	return err
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxStatus))
	if err != nil {
		return nil, err
	}
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", reply.Status, strings.TrimSpace(string(body)))
	}
	return body, nil
}

// statusTable is the status for a person.
func statusTable(s nodeStats) string {
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

func viewRow(w io.Writer, path string, v viewStats) {
	enabled := "yes"
	if !v.Enabled {
		enabled = "NO"
	}
	fmt.Fprintf(w, "%s\t%s\t%.1f\t%.1f ms\t%d\t%d\t%d\t%s\n", path, enabled, v.WindowsPerSec, v.InvokeMs,
		v.Windows, v.WindowsGated, v.WindowsSkipped, v.Problem)
}
