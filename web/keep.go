package web

import (
	"context"
	"log/slog"
	"time"

	"edged/internal/backoff"
)

// Keep serves until ctx ends. If it cannot listen at the address, for example because DHCP has not assigned it yet, it tries again and
// again. It logs a failure once, until serving has worked again.
func (s *Server) Keep(ctx context.Context) {
	pauses := backoff.Backoff{Min: time.Second, Max: 10 * time.Second, Healthy: 10 * time.Second}
	for failed := false; ; {
		began := time.Now()
		err := s.Listen(ctx)
		if err == nil {
			failed = false
			slog.Info("serving the page, metrics and status", "url", s.URL())
			err = s.Run(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if !failed {
			slog.Error("cannot serve the page, metrics and status; edged tries again", "error", err)
		}
		failed = true
		select {
		case <-ctx.Done():
			return
		case <-time.After(pauses.After(time.Since(began))):
		}
	}
}
