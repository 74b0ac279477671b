package config

import "slices"

// ModelOf returns the model that the camera's views run: a name or a path, as models.Load takes it.
func (c *Config) ModelOf(cam Camera) string {
	if cam.Model != "" {
		return cam.Model
	}
	return c.Model.File
}

// Models returns the models of all cameras, each once.
func (c *Config) Models() (all []string) {
	for _, cam := range c.Cameras {
		if m := c.ModelOf(cam); !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}
