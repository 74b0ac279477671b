package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"edged/capture"
	"edged/internal/config"
	"edged/models"
)

type checkCmd struct {
	Config string `short:"c" type:"path" placeholder:"FILE" help:"Configuration file; the defaults where it is not given."`
}

// Run reports what is wrong with the configuration, or what it says.
func (c *checkCmd) Run(ctx context.Context, out output) error {
	cfg, err := loadConfig(c.Config, config.Load)
	if err != nil {
		return err
	}
	model, err := checkNamed(cfg)
	if err != nil {
		return err
	}
	if err := tryModel(ctx, model, cfg); err != nil {
		return err
	}
	// What edged run does before it watches: whatever that refuses is refused here.
	d, err := newDaemon(cfg, model, output{io.Discard})
	if err != nil {
		return err
	}
	defer d.close()
	e, err := openEngine(model, engineOptions(cfg.Model), d.views)
	if err != nil {
		return err
	}
	defer e.Close()
	for _, cam := range cfg.Cameras {
		fmt.Fprintf(out, "camera  %s: %s\n", cam.Name, capture.ShownSource(cam.Source))
	}
	fmt.Fprintf(out, "model   %s\n", describeModel(model))
	fmt.Fprintf(out, "broker  %s\n", describeBroker(cfg.MQTT))
	_, err = fmt.Fprintln(out, "ok")
	return err
}

// checkNamed looks at what the configuration names, everything wrong at once: sources, the model, its labels.
func checkNamed(cfg *config.Config) (*models.Model, error) {
	var errs []error
	for i, cam := range cfg.Cameras {
		if _, err := capture.ParseSpec(cam.Source); err != nil {
			errs = append(errs, fmt.Errorf("cameras[%d].source: %w", i, err))
		}
	}
	model, err := loadModel(cfg.Model.File)
	if err != nil {
		return nil, misconfigured{errors.Join(append(errs, fmt.Errorf("model.file: %w", err))...)}
	}
	for label := range cfg.Detect.Labels {
		if !slices.Contains(model.Labels, label) {
			errs = append(errs, fmt.Errorf("detect.labels.%s: no such label in %s; it has %s", label, model.Path, strings.Join(model.Labels, ", ")))
		}
	}
	if err := errors.Join(append(errs, checkRings(cfg, model.Manifest))...); err != nil {
		return nil, misconfigured{err}
	}
	return model, nil
}

// maxRings bounds the pictures in memory, bytes, in all cameras' rings and windows: half of what the service may have.
const maxRings = 256 << 20

func checkRings(cfg *config.Config, f models.Manifest) error {
	views := 0
	for _, cam := range cfg.Cameras {
		views += max(1, len(cam.Views))
	}
	// A manifest's numbers are bounded, but their product may not fit an int of 32 bits.
	total := int64(views) * (int64(f.Frames+spareSlots)*int64(f.FrameBytes()) + f.WindowBytes())
	if total > maxRings {
		return fmt.Errorf("cameras, model.file: %d views of %d frames of %dx%d pixels take %d MB; at most %d: fewer cameras or views, or a smaller model",
			views, f.Frames, f.Width, f.Height, total>>20, maxRings>>20)
	}
	return nil
}

func describeModel(m *models.Model) string {
	f := m.Manifest
	return fmt.Sprintf("%s %s (%s): %d labels, %d frames of %dx%d at %g/s", f.Name, f.Version, m.Path,
		len(m.Labels), f.Frames, f.Width, f.Height, f.FrameRate)
}

func describeBroker(m config.MQTT) string {
	if m.Broker == config.Embedded {
		return "built in, on " + m.Listen
	}
	return m.Broker
}
