package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"edged/web"
)

// startWeb serves metrics, health and status. They are no reason not to watch: a port that cannot be had is logged.
func (d *daemon) startWeb(ctx context.Context, fail context.CancelCauseFunc) (stop func()) {
	if d.cfg.Web.Listen == "" {
		return func() {}
	}
	server := &web.Server{
		Address: d.cfg.Web.Listen,
		Metrics: d.registry(),
		Health:  d.healthy,
		Ready:   d.readiness,
		Status:  func() any { return d.stats() },
	}
	if err := server.Listen(ctx); err != nil {
		slog.Error("no metrics, no status page", "error", err)
		return func() {}
	}
	slog.Info("metrics and status", "url", server.URL())
	return beside(fail, server.Run)
}

func (d *daemon) registry() *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), metrics{d.stats})
	return r
}
