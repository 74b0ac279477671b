package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"edged/infer/trial"
	"edged/internal/config"
	"edged/internal/printable"
	"edged/models"
)

// TryModel runs a model that this machine has not run before in a process of its own, so that a bad one cannot crash this process.
// A model or delegate that does not work is a ConfigError. Once the model has passed, a failure is the machine's, and may pass.
func TryModel(ctx context.Context, m *models.Model, cfg *config.Config) error {
	o := EngineOptions(cfg.Model)
	if m.Path == models.BuiltIn && !o.Strict || trial.Known(stateDir(cfg), m, o) {
		return nil
	}
	// systemd would not wait that long for READY=1 by itself (sd_notify(3)).
	notify(fmt.Sprintf("STATUS=trying the model %s\nEXTEND_TIMEOUT_USEC=%d", printable.Line(m.Path), (trial.Limit + 30*time.Second).Microseconds()))
	began := time.Now()
	verdict, err := trial.Run(ctx, m, o)
	switch {
	case err != nil:
		return err
	case verdict != nil:
		return ConfigError{fmt.Errorf("model.file: %w", verdict)}
	}
	slog.Info("tried a new model in a separate process", "file", m.Path, "sha256", m.SHA256, "took", time.Since(began).Round(time.Millisecond).String())
	if err := trial.Remember(stateDir(cfg), m, o); err != nil {
		slog.Warn("the next start will try the model again", "error", err)
	}
	return nil
}
