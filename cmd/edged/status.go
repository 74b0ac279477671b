package main

import (
	"context"
	"fmt"
	"io"

	"edged/internal/telemetry"
)

type statusCmd struct {
	daemonFlags
	JSON bool `help:"Print JSON, with every counter."`
}

// Run asks the running daemon and prints a table. It fails only if none answers: whether all is well, /readyz tells scripts.
func (s *statusCmd) Run(ctx context.Context, out output) error {
	daemon, err := s.asker("status")
	if err != nil {
		return err
	}
	body, err := daemon.get(ctx, "/status")
	if err != nil {
		return fmt.Errorf("status: no edged answers: %w", err)
	}
	text, err := telemetry.StatusText(body)
	if err != nil {
		return fmt.Errorf("status: %s is not edged's: %w", daemon.url, err)
	}
	if s.JSON {
		_, err := out.Write(body)
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}
