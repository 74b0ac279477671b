package main

import (
	"errors"
	"fmt"
	"os"

	"edged/infer/engine"
	"edged/internal/config"
	"edged/models"
	"edged/publish"
)

// openEngine loads the model, with a clip for each view. The calling goroutine owns the engine from then on and must be the
// one that steps the views' pipelines.
func openEngine(m *models.Model, o engine.Options, views []*view) (*engine.Engine, error) {
	e, err := engine.New(m, o)
	if err != nil {
		return nil, err
	}
	for _, v := range views {
		clip, err := e.NewClip()
		if err != nil {
			e.Close()
			return nil, err
		}
		v.pipeline.Clip = clip
	}
	return e, nil
}

// loadModel reads the model file, or the starter where path is empty. Its labels can be published.
func loadModel(path string) (*models.Model, error) {
	open := models.Starter
	if path != "" {
		open = func() (*models.Model, error) { return models.Open(path) }
	}
	m, err := open()
	if err != nil {
		return nil, misconfigured{err}
	}
	if err := publish.CheckLabels(m.Labels); err != nil {
		return nil, misconfigured{fmt.Errorf("%s: %w", m.Path, err)}
	}
	return m, nil
}

// loadConfig has the file read by one of package config's functions, or gives the defaults where path is empty.
func loadConfig(path string, load func(path string) (*config.Config, error)) (*config.Config, error) {
	if path == "" {
		path = os.DevNull
	}
	c, err := load(path)
	if p := new(config.Problems); errors.As(err, &p) && p.Unknown {
		err = fmt.Errorf("%w\n(this is edged %s; a key that it does not know may be meant for a newer one)", err, version)
	}
	if err != nil {
		return nil, misconfigured{err}
	}
	return c, nil
}
