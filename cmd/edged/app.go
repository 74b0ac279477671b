package main

import (
	"context"
	"os"

	"edged/internal/config"
	"edged/internal/homeassistant"
	"edged/internal/node"
	"edged/internal/terminal"
)

// appCmd is what the container of the Home Assistant app runs. People do not call it.
type appCmd struct{}

// Run reads the options and asks for the broker as root. Then it gives up root's rights and runs the daemon.
func (a *appCmd) Run(ctx context.Context, out output, log *terminal.Log) error {
	app := homeassistant.Default(os.Getenv("SUPERVISOR_TOKEN"))
	cfg, err := app.Config(ctx)
	if err != nil {
		return node.ConfigError{Err: err}
	}
	if err := app.DropRights(); err != nil {
		return err
	}
	run := runCmd{configured: func() *config.Config { return cfg }}
	return run.Run(ctx, out, log)
}
