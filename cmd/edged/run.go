package main

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"edged/internal/config"
)

type runCmd struct {
	Config   string `short:"c" type:"path" placeholder:"FILE" help:"Configuration file; without one: first usable camera, starter model, built-in broker."`
	Camera   string `placeholder:"SPEC" help:"The camera, in place of the configuration's: v4l2:auto, v4l2:/dev/videoN, command:LINE, pattern: or file:PATH."`
	Model    string `placeholder:"FILE" help:"The model, in place of the configuration's."`
	Broker   string `placeholder:"URL" help:"The broker, in place of the configuration's: tcp://HOST:PORT or embedded."`
	Fallback string `placeholder:"VIDEO" help:"Without configuration and without a usable camera: play this file in a loop."`
}

// Run is the daemon. It ends with ctx, cleanly, or with the first error that retrying cannot mend.
func (r *runCmd) Run(ctx context.Context, out output) error {
	cfg, err := loadConfig(r.Config)
	if err != nil {
		return err
	}
	if err := r.override(ctx, cfg, out); err != nil {
		return misconfigured{err}
	}
	model, err := checkNamed(cfg)
	if err != nil {
		return err
	}
	d, err := newDaemon(cfg, model, out)
	if err != nil {
		return err
	}
	defer d.close()
	return d.run(ctx)
}

// override puts the command line over the configuration.
func (r *runCmd) override(ctx context.Context, cfg *config.Config, out output) error {
	if r.Model != "" {
		cfg.Model.File = r.Model
	}
	if r.Broker != "" {
		cfg.MQTT.Broker = r.Broker
	}
	if r.Config == "" {
		cfg.Web.Listen = freeListen(ctx, cfg.Web.Listen)
		if cfg.MQTT.Broker == config.Embedded {
			cfg.MQTT.Listen = freeListen(ctx, cfg.MQTT.Listen)
		}
	}
	switch {
	case r.Camera != "":
		cfg.Cameras = cfg.Cameras[:1]
		cfg.Cameras[0].Source = r.Camera
	case r.Config == "" && r.Fallback != "":
		if err := usableCamera(); err != nil {
			fmt.Fprintf(out, "no camera: %s; playing %s\n", oneLine(err), r.Fallback)
			cfg.Cameras[0].Source = "file:" + r.Fallback
		}
	}
	return cfg.Validate("command line")
}

// freeListen returns the address, with the next port that is free where another broker has the first. Somebody who just
// tries edged need not know what else listens here; a configuration is taken at its word.
func freeListen(ctx context.Context, address string) string {
	var config net.ListenConfig
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return address
	}
	for n := first; n < first+10; n++ {
		candidate := net.JoinHostPort(host, strconv.Itoa(n))
		if l, err := config.Listen(ctx, "tcp", candidate); err == nil {
			l.Close()
			return candidate
		}
	}
	return address
}
