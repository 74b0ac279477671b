package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"edged/capture"
	"edged/internal/config"
	"edged/internal/watch"
	"edged/models"
	"edged/publish"
)

// Check looks at everything that the configuration names (sources, model, labels) and reports all faults at once as one ConfigError.
func Check(cfg *config.Config) (*models.Model, error) {
	var errs []error
	for i, cam := range cfg.Cameras {
		if _, err := capture.ParseSpec(cam.Source); err != nil {
			errs = append(errs, fmt.Errorf("cameras[%d].source: %w", i, err))
		}
	}
	model, err := OpenModel(cfg.Model.File)
	if err != nil {
		return nil, ConfigError{errors.Join(append(errs, fmt.Errorf("model.file: %w", err))...)}
	}
	for label := range cfg.Detect.Labels {
		if !slices.Contains(model.Labels, label) {
			errs = append(errs, fmt.Errorf("detect.labels.%s: no such label in %s; it has %s", label, model.Path, strings.Join(model.Labels, ", ")))
		}
	}
	if err := errors.Join(append(errs, checkMemory(cfg, model.Manifest))...); err != nil {
		return nil, ConfigError{err}
	}
	return model, nil
}

// OpenModel reads the model file, or the starter model if path is empty, and checks that its labels can be published. An error is a
// ConfigError.
func OpenModel(path string) (*models.Model, error) {
	open := models.Starter
	if path != "" {
		open = func() (*models.Model, error) { return models.Open(path) }
	}
	m, err := open()
	if err != nil {
		return nil, ConfigError{err}
	}
	if err := publish.CheckLabels(m.Labels); err != nil {
		return nil, ConfigError{fmt.Errorf("%s: %w", m.Path, err)}
	}
	return m, nil
}

// maxPictureBytes limits the memory for pictures in the rings and windows of all cameras: half of what the service may have.
const maxPictureBytes = 256 << 20

func checkMemory(cfg *config.Config, f models.Manifest) error {
	views, total := 0, int64(0)
	for _, cam := range cfg.Cameras {
		for _, v := range cfg.ViewsOf(cam, false) {
			views++
			total += watch.PictureMemory(v, f)
		}
	}
	if total > maxPictureBytes {
		return fmt.Errorf("cameras, model.file: %d views of %d frames of %dx%d pixels take %d MB; at most %d: fewer cameras or views, or a smaller model",
			views, f.Frames, f.Width, f.Height, total>>20, maxPictureBytes>>20)
	}
	return nil
}
