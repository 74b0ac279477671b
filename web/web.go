// Package web serves a node's reports about itself: metrics for Prometheus, health for a supervisor, status for people, and the page
// (package page) for those who may see pictures. It does not know the meaning of the values.
package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server answers under Address:
//
//	/metrics   Prometheus' text format
//	/healthz   200 while the process makes progress, else 503 and why
//	/readyz    200 while cameras deliver and the broker is connected, else 503 and what is missing
//	/status    everything as JSON, which edged status prints
//	/…         the page and its API, if there is one
type Server struct {
	Address string // HOST:PORT; port 0 takes a free one
	Metrics prometheus.Gatherer
	Health  func() error
	Ready   func() error
	Status  func() ([]byte, error) // JSON
	Page    http.Handler           // nil = there is none
	PageURL *url.URL               // where people find the page, if not at Address; nil = there
	Proxy   net.IP                 // a proxy that checks who may come in, and under which host name; nil = there is none
	TLS     *tls.Config            // nil = plain HTTP

	listener net.Listener
}

// Bounds on clients: one that sends or reads slowly must not hold a goroutine for ever, and many of them not all of edged's memory.
const (
	requestTimeout = 5 * time.Second
	replyTimeout   = 10 * time.Second
	idleTimeout    = time.Minute
	maxHeader      = 8 << 10
	maxConnections = 128 // see connections
)

// Listen opens the port, so that a port in use is an error at the start.
func (s *Server) Listen(ctx context.Context) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", s.Address)
	if err != nil {
		return fmt.Errorf("web: %w; set web.listen to another address, or to \"\" to do without", err)
	}
	s.listener = l
	if s.TLS != nil {
		s.listener = tls.NewListener(s.listener, s.TLS)
	}
	return nil
}

// URL is where the server is found, once Listen has succeeded.
func (s *Server) URL() string {
	if s.TLS != nil {
		return "https://" + s.listener.Addr().String()
	}
	return "http://" + s.listener.Addr().String()
}

// Run serves until ctx ends. Listen must have succeeded.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: s.handler(), ReadTimeout: requestTimeout, WriteTimeout: replyTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ConnState: newConnections(maxConnections).note, ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("web: %w", err)
	}
	return nil
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /healthz", answer(s.Health))
	mux.HandleFunc("GET /readyz", answer(s.Ready))
	mux.HandleFunc("GET /status", s.status)
	if s.Page != nil {
		mux.Handle("/", s.Page)
	} else {
		mux.HandleFunc("GET /{$}", index)
	}
	return guard{url: s.PageURL, proxy: s.Proxy, next: mux}
}

func answer(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if err := check(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	status, err := s.Status()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var body bytes.Buffer
	_ = json.Indent(&body, status, "", " ") // it is JSON
	body.WriteByte('\n')
	w.Header().Set("Content-Type", "application/json")
	_, _ = body.WriteTo(w) // the client may have left
}

func index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "edged\n\n/metrics\n/healthz\n/readyz\n/status")
}
