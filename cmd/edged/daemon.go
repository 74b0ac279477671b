package main

import (
	"fmt"

	"edged/internal/config"
)

// daemonFlags say where the running edged is.
type daemonFlags struct {
	Config string `short:"c" type:"path" placeholder:"FILE" help:"Configuration of the running edged, for its address."`
	URL    string `placeholder:"URL" help:"Address of the running edged, instead of the configuration's: http://HOST:PORT."`
}

// asker returns what asks the running edged. Its errors begin with the command's name.
func (d *daemonFlags) asker(command string) (*asker, error) {
	if d.URL != "" {
		return askerAt(d.URL), nil
	}
	cfg, err := readConfig(d.Config, config.LoadPublic)
	if err != nil {
		return nil, err
	}
	daemon, err := askerOf(cfg.Web)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	return daemon, nil
}
