package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"edged/infer/trial"
	"edged/internal/config"
	"edged/models"
)

type tryModelCmd struct{}

// Run is the child process in which a new model is tried.
func (tryModelCmd) Run(out output) error {
	os.Exit(trial.Child(os.Stdin, out))
	return nil
}

// tryModel has a model that is new here tried in a process of its own, so that this one cannot die of it. What is wrong with it
// or its delegate is said here: after this a failure is the machine's, and may pass.
func tryModel(ctx context.Context, m *models.Model, cfg *config.Config) error {
	o := engineOptions(cfg.Model)
	if m.Path == models.BuiltIn && !o.Strict || trial.Known(stateDir(cfg), m, o) {
		return nil
	}
	// Longer than systemd may wait for READY=1 by itself (sd_notify(3)).
	notify(fmt.Sprintf("STATUS=trying the model %s\nEXTEND_TIMEOUT_USEC=%d", m.Path, (trial.Limit + 30*time.Second).Microseconds()))
	began := time.Now()
	verdict, err := trial.Run(ctx, m, o)
	switch {
	case err != nil:
		return err
	case verdict != nil:
		return misconfigured{fmt.Errorf("model.file: %w", verdict)}
	}
	slog.Info("the model is new, and was tried in a process of its own", "file", m.Path, "sha256", m.SHA256, "took", time.Since(began).Round(time.Millisecond).String())
	if err := trial.Remember(stateDir(cfg), m, o); err != nil {
		slog.Warn("the model will be tried again with the next start", "error", err)
	}
	return nil
}
