package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"edged/infer/engine"
	"edged/internal/config"
	"edged/internal/watch"
	"edged/models"
)

// Models are a configuration's models, by its words for them (config.Models).
type Models map[string]*models.Model

func openModels(cfg *config.Config) (Models, error) {
	opened := Models{}
	var errs []error
	for _, name := range cfg.Models() {
		m, err := OpenModel(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", modelKey(cfg, name), err))
		}
		opened[name] = m
	}
	return opened, errors.Join(errs...)
}

// modelKey is the key of the configuration that names the model.
func modelKey(cfg *config.Config, name string) string {
	for i, cam := range cfg.Cameras {
		if cam.Model != "" && cam.Model == name {
			return fmt.Sprintf("cameras[%d].model", i)
		}
	}
	return "model.file"
}

// checkLabel returns an error if no model has the label.
func (all Models) checkLabel(label string) error {
	var has []string
	for _, m := range all {
		if slices.Contains(m.Labels, label) {
			return nil
		}
		has = append(has, fmt.Sprintf("%s has %s", m.Path, strings.Join(m.Labels, ", ")))
	}
	slices.Sort(has)
	return fmt.Errorf("detect.labels.%s: no such label: %s", label, strings.Join(has, "; "))
}

// Engine is a model and the cameras whose views it runs on.
type Engine struct {
	Model   *models.Model
	Cameras []*watch.Camera
	Views   []*watch.View
	info    atomic.Pointer[engine.Info]
}

// Info describes what runs, once the model is loaded; before, it returns nil.
func (e *Engine) Info() *engine.Info { return e.info.Load() }

// modelOf returns the model that the camera's views run.
func (n *Node) modelOf(cam config.Camera) *models.Model {
	if m := n.Models[n.Config.ModelOf(cam)]; m != nil {
		return m
	}
	return n.Model
}

// addToEngine gives the camera's views to the engine that runs their model.
func (n *Node) addToEngine(m *models.Model, c *watch.Camera) {
	i := slices.IndexFunc(n.Engines, func(e *Engine) bool { return e.Model.SHA256 == m.SHA256 })
	if i < 0 {
		i, n.Engines = len(n.Engines), append(n.Engines, &Engine{Model: m})
	}
	e := n.Engines[i]
	e.Cameras, e.Views = append(e.Cameras, c), append(e.Views, c.Views...)
}

// engineOf returns the engine of a camera that New has built.
func (n *Node) engineOf(camera string) *Engine {
	i := slices.IndexFunc(n.Engines, func(e *Engine) bool {
		return slices.ContainsFunc(e.Cameras, func(c *watch.Camera) bool { return c.Name == camera })
	})
	return n.Engines[i]
}

// LabelsOf returns the labels of the camera's model, in the order of scores.
func (n *Node) LabelsOf(camera string) []string { return n.engineOf(camera).Model.Labels }

// loaded reports whether every model is loaded.
func (n *Node) loaded() bool {
	return !slices.ContainsFunc(n.Engines, func(e *Engine) bool { return e.Info() == nil })
}
