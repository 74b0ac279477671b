package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"edged/internal/background"
	"edged/internal/backoff"
	"edged/web"
)

// startWeb serves metrics, health and status. They are no reason not to watch: an address that cannot be had, as before DHCP has
// given it, is tried again and again.
func (d *daemon) startWeb() (stop func()) {
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
	return background.Start(func(ctx context.Context) { keepWeb(ctx, server) })
}

// keepWeb serves until ctx ends. What fails is logged once, until it has worked again.
func keepWeb(ctx context.Context, server *web.Server) {
	pauses := backoff.Backoff{Min: time.Second, Max: 10 * time.Second, Healthy: 10 * time.Second}
	for failed := false; ; {
		began := time.Now()
		err := server.Listen(ctx)
		if err == nil {
			failed = false
			slog.Info("metrics and status", "url", server.URL())
			err = server.Run(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if !failed {
			slog.Error("no metrics, no status page; trying again", "error", err)
		}
		failed = true
		select {
		case <-ctx.Done():
			return
		case <-time.After(pauses.After(time.Since(began))):
		}
	}
}

func (d *daemon) registry() *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), metrics{d.stats})
	return r
}
