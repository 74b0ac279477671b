package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"edged/internal/background"
	"edged/internal/node"
	"edged/internal/telemetry"
	"edged/web"
)

// startWeb serves the node's metrics, health and status, if the configuration asks for them.
func startWeb(n *node.Node) (stop func()) {
	if n.Config.Web.Listen == "" {
		return func() {}
	}
	server := &web.Server{
		Address: n.Config.Web.Listen,
		Metrics: registry(n),
		Health:  n.Healthy,
		Ready:   n.Ready,
		Status:  func() ([]byte, error) { return n.Telemetry().JSON() },
	}
	return background.Start(func(ctx context.Context) { server.Keep(ctx) })
}

func registry(n *node.Node) *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		telemetry.Collector{Read: n.Telemetry},
	)
	return r
}
