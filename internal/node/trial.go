package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"edged/infer/trial"
	"edged/infer/weightcache"
	"edged/internal/config"
	"edged/internal/printable"
	"edged/models"
)

// TryModels runs every model that this machine has not run before in a process of its own, so that a bad one cannot crash this
// process. A model or delegate that does not work is a ConfigError. Once a model has passed, a failure is the machine's, and may pass.
// Then it packs the weights of models for which that is worth a file. Without keep it leaves the state folder as it is.
func TryModels(ctx context.Context, all Models, cfg *config.Config, keep bool) error {
	caches := make([]*weightcache.Cache, 0, len(all))
	for _, name := range cfg.Models() {
		if err := tryModel(ctx, all[name], cfg, modelKey(cfg, name), keep); err != nil {
			return err
		}
		if keep {
			caches = append(caches, packWeights(ctx, all[name], cfg))
		}
	}
	if keep {
		weightcache.Prune(stateDir(cfg), caches...)
	}
	return nil
}

// notifyTrying asks systemd to wait: it would not wait that long for READY=1 by itself (sd_notify(3)).
func notifyTrying(m *models.Model) {
	notify(fmt.Sprintf("STATUS=trying the model %s\nEXTEND_TIMEOUT_USEC=%d", printable.Line(m.Path), (trial.Limit + 30*time.Second).Microseconds()))
}

func tryModel(ctx context.Context, m *models.Model, cfg *config.Config, key string, keep bool) error {
	o := EngineOptions(cfg.Model)
	if m.IsBuiltIn() && !o.Strict || trial.Known(stateDir(cfg), m, o) {
		return nil
	}
	notifyTrying(m)
	began := time.Now()
	verdict, err := trial.Run(ctx, m, o)
	switch {
	case err != nil:
		return err
	case verdict != nil:
		return ConfigError{fmt.Errorf("%s: %w", key, verdict)}
	}
	slog.Info("tried a new model in a separate process", "file", m.Path, "sha256", m.SHA256, "took", time.Since(began).Round(time.Millisecond).String())
	if !keep {
		return nil
	}
	if err := trial.Remember(stateDir(cfg), m, o); err != nil {
		slog.Warn("the next start will try the model again", "error", err)
	}
	return nil
}

// packWeights makes sure that the model's packed weights are in the state folder and undamaged. Without them the model needs more
// memory and starts more slowly; nothing else depends on them. It returns where they are, or nil.
func packWeights(ctx context.Context, m *models.Model, cfg *config.Config) *weightcache.Cache {
	dir, o := stateDir(cfg), EngineOptions(cfg.Model)
	cache := weightcache.For(dir, m, o)
	if cache == nil || cache.Check() == nil {
		return cache
	}
	notifyTrying(m)
	o.WeightCache = cache.Unfinished()
	err := trial.Pack(ctx, m, o)
	if err == nil {
		err = cache.Commit()
	}
	if err != nil && ctx.Err() == nil {
		cache.Discard()
		slog.Warn("the model runs without packed weights in a file, which takes more memory", "folder", dir, "error", err)
	}
	return cache
}
