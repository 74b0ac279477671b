package main

import (
	"context"
	"log/slog"

	"edged/publish/broker"
)

type brokerCmd struct {
	Listen string `default:"127.0.0.1:1883" help:"Loopback address and port."`
}

// Run is the child process that edged run starts for mqtt.broker: embedded.
func (b *brokerCmd) Run(ctx context.Context) error {
	surviveBrokenPipes()
	return broker.Serve(ctx, b.Listen, slog.Default())
}
