package config

import (
	"os"
	"path/filepath"
	"strings"

	"edged/models"
)

// resolvePaths makes every relative path of the file relative to the folder of the file: what it means must not depend on where edged
// was started. Commands of cameras run in that folder.
func (c *Config) resolvePaths(dir string) {
	for _, path := range []*string{
		&c.StateDir, &c.MQTT.CAFile, &c.MQTT.CertFile, &c.MQTT.KeyFile, &c.MQTT.PasswordFile,
		&c.Record.Dir, &c.Web.PasswordFile, &c.Web.CertFile, &c.Web.KeyFile,
	} {
		*path = absolute(dir, *path)
	}
	c.Model.Delegate = resolveDelegate(dir, c.Model.Delegate)
	for i := range c.Cameras {
		c.Cameras[i].Source = resolveSource(dir, c.Cameras[i].Source)
		if c.Cameras[i].Dir == "" {
			c.Cameras[i].Dir = dir
		}
		c.Cameras[i].Model = resolveModel(dir, c.Cameras[i].Model)
	}
	c.Model.File = resolveModel(dir, c.Model.File)
}

// resolveModel resolves the path of a model file. A name of a model that edged brings stays.
func resolveModel(dir, model string) string {
	if models.IsName(model) {
		return model
	}
	return absolute(dir, model)
}

func absolute(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// resolveSource resolves file:PATH and a path without a scheme.
func resolveSource(dir, source string) string {
	if path, ok := strings.CutPrefix(source, "file:"); ok && path != "" {
		return "file:" + absolute(dir, path)
	}
	if strings.Contains(source, ":") {
		if _, err := os.Lstat(absolute(dir, source)); err != nil {
			return source // of another scheme, not a file whose name has a colon
		}
	}
	return absolute(dir, source)
}

// resolveDelegate resolves the library of gpu:PATH and external:PATH, unless it is a bare name: the system's loader finds that one.
func resolveDelegate(dir, delegate string) string {
	kind, path, found := strings.Cut(delegate, ":")
	if !found || !strings.Contains(path, "/") {
		return delegate
	}
	return kind + ":" + absolute(dir, path)
}
