package main

import (
	"context"
	"errors"
	"maps"
	"slices"

	"edged/capture"
	"edged/internal/config"
	"edged/internal/node"
	"edged/internal/watch"
	"edged/web/login"
)

type checkCmd struct {
	Config string `short:"c" type:"path" placeholder:"FILE" help:"Configuration file; without one, the defaults."`
}

// Run builds the node and loads the model as edged run does, and starts nothing. It refuses whatever edged run would refuse, and files and
// folders that edged run would have to do without.
func (c *checkCmd) Run(ctx context.Context, out output) error {
	cfg, err := readConfig(c.Config, config.Load)
	if err != nil {
		return err
	}
	n, site, err := build(ctx, node.Inputs{Config: cfg}, func() string { return "" }, new(login.Sessions), false)
	if n != nil {
		defer n.Close()
		defer site.Close()
	}
	if err := errors.Join(err, node.CheckPlaces(cfg)); err != nil {
		return err
	}
	for _, e := range n.Engines {
		opened, err := watch.OpenEngine(e.Model, node.EngineOptions(cfg.Model), e.Views)
		if err != nil {
			return err
		}
		defer opened.Close()
	}
	var s sheet
	for _, cam := range cfg.Cameras {
		s.line("camera  %s: %s", cam.Name, capture.ShownSource(cam.Source))
	}
	for _, e := range n.Engines {
		s.line("model   %s", describeModel(e.Model))
		rules := cfg.RulesFor(watch.Actions(e.Model))
		for _, name := range slices.Sorted(maps.Keys(rules)) {
			s.line("rule    %s: %s", name, rules[name])
		}
	}
	for _, v := range n.Views {
		if t := v.Pipeline.Targets; t != nil {
			s.line("follow  %s: up to %d targets, %.0f MB of memory", v.Path, t.Options.Max, float64(v.Memory)/1e6)
		}
	}
	s.line("broker  %s", node.ConfiguredBroker(cfg.MQTT))
	s.line("ok")
	return s.print(out)
}
