package main

import (
	"context"
	"errors"
	"log/slog"
	"syscall"
	"time"

	"edged/internal/config"
	"edged/publish/broker"
)

type brokerCmd struct {
	Listen string `default:"127.0.0.1:1883" help:"Loopback address and port."`
}

// Run is the child process that edged run starts for mqtt.broker: embedded.
func (b *brokerCmd) Run(ctx context.Context) error {
	return broker.Serve(ctx, b.Listen, slog.Default())
}

// startBroker starts the built-in broker, where it is asked for. It, or another in its place, has the port then. While another
// program has it, which is Debian's mosquitto most likely, one broker is enough.
func (d *daemon) startBroker(ctx context.Context, fail context.CancelCauseFunc) (stop func(), err error) {
	if d.cfg.MQTT.Broker != config.Embedded {
		return func() {}, nil
	}
	child := &broker.Child{Address: d.cfg.MQTT.Listen}
	switch err := child.Listen(ctx); {
	case errors.Is(err, syscall.EADDRINUSE):
		d.foreignBroker.Store(true)
		slog.Warn("mqtt.listen is taken; the broker there is used in place of the built-in one", "address", child.Address)
	case err != nil:
		return nil, err
	}
	return beside(fail, func(ctx context.Context) error { return d.keepBroker(ctx, child) }), nil
}

// keepBroker runs the built-in broker, once it has its port, until ctx ends.
func (d *daemon) keepBroker(ctx context.Context, child *broker.Child) error {
	for d.foreignBroker.Load() {
		if !d.awaitPort(ctx) {
			return nil
		}
		switch err := child.Listen(ctx); {
		case err == nil:
			d.foreignBroker.Store(false)
			slog.Info("mqtt.listen is free: starting the built-in broker", "address", child.Address)
		case !errors.Is(err, syscall.EADDRINUSE):
			return err
		}
	}
	child.Run(ctx)
	return nil
}

// portLooks is how often in a row mqtt.listen must be found free before the built-in broker takes it, each time portLook after
// the last: another broker that is only restarted shall find it free, too.
const portLooks = 6

var portLook = 10 * time.Second

// awaitPort returns true once nobody has listened on mqtt.listen for a while, false when ctx has ended.
func (d *daemon) awaitPort(ctx context.Context) bool {
	look := time.NewTicker(portLook)
	defer look.Stop()
	for free := 0; free < portLooks; {
		select {
		case <-ctx.Done():
			return false
		case <-look.C:
		}
		if free++; d.publisher.Counters().Connected || !freePort(ctx, d.cfg.MQTT.Listen) {
			free = 0
		}
	}
	return true
}

// describeBroker says whose broker it is as well, which the configuration alone does not.
func (d *daemon) describeBroker() string {
	if d.foreignBroker.Load() {
		return "another program's, on " + d.cfg.MQTT.Listen
	}
	return describeBroker(d.cfg.MQTT)
}
