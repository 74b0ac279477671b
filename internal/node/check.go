package node

import (
	"errors"
	"fmt"

	"edged/capture"
	"edged/internal/config"
	"edged/internal/watch"
	"edged/models"
	"edged/publish"
)

// Check looks at everything that the configuration names (sources, models, labels) and reports all faults at once as one ConfigError.
// It returns the models by the configuration's words for them.
func Check(cfg *config.Config) (Models, error) {
	var errs []error
	for i, cam := range cfg.Cameras {
		if _, err := capture.ParseSpec(cam.Source); err != nil {
			errs = append(errs, fmt.Errorf("cameras[%d].source: %w", i, err))
		}
	}
	opened, err := openModels(cfg)
	if err != nil {
		return nil, ConfigError{errors.Join(append(errs, err)...)}
	}
	for label := range cfg.Detect.Labels {
		if _, isRule := cfg.Rules[label]; isRule && opened.checkLabel(label) != nil {
			errs = append(errs, fmt.Errorf("detect.labels.%s: this is a rule, and a rule has no thresholds; set those of its labels", label))
			continue
		}
		errs = append(errs, opened.checkLabel(label))
	}
	errs = append(errs, opened.checkRules(cfg))
	if err := errors.Join(append(errs, checkMemory(cfg, opened))...); err != nil {
		return nil, ConfigError{err}
	}
	return opened, nil
}

// OpenModel opens a model as models.Load does and checks that its labels can be published. An error is a ConfigError.
func OpenModel(name string) (*models.Model, error) {
	m, err := models.Load(name)
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

func checkMemory(cfg *config.Config, opened Models) error {
	views, following, total := 0, 0, int64(0)
	var f models.Manifest
	for _, cam := range cfg.Cameras {
		f = opened[cfg.ModelOf(cam)].Manifest
		for _, v := range cfg.ViewsOf(cam, false) {
			views++
			if v.Follow.On {
				following++
			}
			total += watch.PictureMemory(v, f)
		}
	}
	if total > maxPictureBytes {
		hint := ""
		if following > 0 {
			hint = fmt.Sprintf(", or follow: true in fewer of them than %d", following)
		}
		return fmt.Errorf("cameras, model.file: %d views of %d frames of %dx%d pixels take %d MB; at most %d: fewer cameras or views, or a smaller model%s",
			views, f.Frames, f.Width, f.Height, total>>20, maxPictureBytes>>20, hint)
	}
	return nil
}
