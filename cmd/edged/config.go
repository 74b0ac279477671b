package main

import (
	"errors"
	"fmt"
	"os"

	"edged/internal/config"
	"edged/internal/node"
)

// readConfig reads the file with one of package config's functions, or returns the defaults if path is empty.
func readConfig(path string, load func(path string) (*config.Config, error)) (*config.Config, error) {
	if path == "" {
		path = os.DevNull
	}
	c, err := load(path)
	if p := new(config.Problems); errors.As(err, &p) && p.Unknown {
		err = fmt.Errorf("%w\n(this is edged %s; a newer one may know the key)", err, version)
	}
	if err != nil {
		return nil, node.ConfigError{Err: err}
	}
	return c, nil
}
