package main

import (
	"context"
	"fmt"
	"io"

	"edged/internal/config"
	"edged/internal/telemetry"
)

type statusCmd struct {
	Config string `short:"c" type:"path" placeholder:"FILE" help:"Configuration of the running edged, for its address."`
	URL    string `placeholder:"URL" help:"Address of the running edged, instead of the configuration's: http://HOST:PORT."`
	JSON   bool   `help:"Print JSON, with every counter."`
}

// Run asks the running daemon and prints a table. It fails only if none answers: whether all is well, /readyz tells scripts.
func (s *statusCmd) Run(ctx context.Context, out output) error {
	daemon, err := s.asker()
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

func (s *statusCmd) asker() (*asker, error) {
	if s.URL != "" {
		return askerAt(s.URL), nil
	}
	cfg, err := readConfig(s.Config, config.LoadPublic)
	if err != nil {
		return nil, err
	}
	daemon, err := askerOf(cfg.Web)
	if err != nil {
		return nil, fmt.Errorf("status: %w", err)
	}
	return daemon, nil
}
