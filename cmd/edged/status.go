package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"edged/internal/config"
	"edged/internal/printable"
	"edged/internal/telemetry"
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
		cfg, err := readConfig(s.Config, config.LoadPublic)
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
	text, err := telemetry.StatusText(body)
	if err != nil {
		return fmt.Errorf("status: %s is not edged's: %w", s.URL, err)
	}
	if s.JSON {
		_, err := out.Write(body)
		return err
	}
	_, err = io.WriteString(out, text)
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
		return nil, fmt.Errorf("%s: %s", printable.Line(reply.Status), printable.Line(strings.TrimSpace(string(body))))
	}
	return body, nil
}
