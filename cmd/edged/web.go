package main

import (
	"context"
	"log/slog"
	"net"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"edged/internal/background"
	"edged/internal/config"
	"edged/internal/node"
	"edged/internal/telemetry"
	"edged/web"
)

// startWeb serves the node's page, metrics, health and status, if the configuration asks for them.
func (r *runner) startWeb(n *node.Node) (stop func()) {
	site := r.site
	if n.Config.Web.Listen == "" {
		return site.Close
	}
	server := &web.Server{
		Address: n.Config.Web.Listen,
		Metrics: registry(n),
		Health:  n.Healthy,
		Ready:   n.Ready,
		Status:  func() ([]byte, error) { return n.Telemetry().JSON() },
		Page:    site.Handler(), PageURL: site.URL, TLS: site.TLS,
		Proxy: net.ParseIP(n.Config.Web.TrustedProxy),
	}
	warnOfStrangers(n.Config.Web)
	stopMeasuring := site.Start()
	stopServer := background.Start(func(ctx context.Context) { server.Keep(ctx) })
	return func() {
		stopMeasuring()
		stopServer()
	}
}

// warnOfStrangers says who gets no pictures, and that a password crosses the network unencrypted.
func warnOfStrangers(w config.Web) {
	host, _, _ := net.SplitHostPort(w.Listen)
	local := net.ParseIP(host).IsLoopback()
	switch {
	case !local && w.PasswordFile == "" && w.TrustedProxy == "":
		slog.Warn("web: other machines get metrics, health and status, but no pictures, because web.password_file is not set", "listen", w.Listen)
	case !local && w.PasswordFile != "" && w.CertFile == "" && !strings.HasPrefix(w.URL, "https:"):
		slog.Warn("web: the password and the pictures cross the network unencrypted; set web.cert_file and web.key_file", "listen", w.Listen)
	}
}

func registry(n *node.Node) *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		telemetry.Collector{Read: n.Telemetry},
	)
	return r
}
