package main

import (
	"context"

	"edged/internal/node"
	"edged/internal/sink"
	"edged/web/login"
	"edged/web/nodepage"
)

// build reads what the configuration names and builds a node and its page. It starts nothing. edged run and edged check both use it, so
// that they refuse the same. Keep has it note in the state folder what it has learned of the models.
func build(ctx context.Context, in node.Inputs, recentLog func() string, logins *login.Sessions, keep bool) (*node.Node, *nodepage.Site, error) {
	models, err := node.Check(in.Config)
	if err != nil {
		return nil, nil, err
	}
	if err := node.TryModels(ctx, models, in.Config, keep); err != nil {
		return nil, nil, err
	}
	var site *nodepage.Site
	in.Models, in.Version = models, version
	in.Attach = func(n *node.Node) ([]sink.Sink, error) {
		var err error
		if site, err = nodepage.New(n, recentLog, logins); err != nil {
			return nil, err
		}
		return []sink.Sink{site.Sink()}, nil
	}
	n, err := node.New(in)
	return n, site, err
}
