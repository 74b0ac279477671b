package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"syscall"
	"time"

	"edged/internal/background"
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

// builtIn is the built-in broker, where it is asked for. It outlives a reload that leaves its address alone: with it, others would
// lose their connections, what is retained, and what is published before they are back.
type builtIn struct {
	address string                // "": not asked for
	failed  atomic.Pointer[error] // why it does not have its port
	end     func()
}

// follow makes it what the configuration asks for. Where its port cannot be had, another program may be the broker there, which is
// Debian's mosquitto most likely; one is enough.
func (b *builtIn) follow(m config.MQTT) {
	address := ""
	if m.Broker == config.Embedded {
		address = m.Listen
	}
	if address == b.address {
		return
	}
	b.stop()
	b.address = address
	if address == "" {
		return
	}
	child := &broker.Child{Address: address}
	b.listen(child) // before anybody connects
	b.end = background.Start(func(ctx context.Context) { b.keep(ctx, child) })
}

// stop ends the broker, if there is one.
func (b *builtIn) stop() {
	if b.end != nil {
		b.end()
	}
	b.address, b.end = "", nil
	b.failed.Store(nil)
}

// listen takes the port, or notes why it cannot, and says so for the first time.
func (b *builtIn) listen(child *broker.Child) {
	err := child.Listen(context.Background()) // an address and a port: there is nothing to wait for
	if err == nil {
		b.failed.Store(nil)
		return
	}
	switch again := b.failed.Swap(&err) != nil; {
	case again:
	case errors.Is(err, syscall.EADDRINUSE):
		slog.Warn("mqtt.listen is taken; the broker there is used in place of the built-in one", "address", child.Address)
	default:
		slog.Error("the built-in broker does not get mqtt.listen; trying again", "error", err)
	}
}

// keep runs the broker, once it has its port, until ctx ends.
func (b *builtIn) keep(ctx context.Context, child *broker.Child) {
	for b.failed.Load() != nil {
		if !awaitPort(ctx, child.Address) {
			return
		}
		if b.listen(child); b.failed.Load() == nil {
			slog.Info("mqtt.listen is free: starting the built-in broker", "address", child.Address)
		}
	}
	child.Run(ctx)
}

// portLooks is how often in a row mqtt.listen must be found free before the built-in broker takes it, each time portLook after
// the last: another broker that is only restarted shall find it free, too.
const portLooks = 6

var portLook = 10 * time.Second

// awaitPort returns true once mqtt.listen could have been had for a while, false when ctx has ended.
func awaitPort(ctx context.Context, address string) bool {
	look := time.NewTicker(portLook)
	defer look.Stop()
	for free := 0; free < portLooks; {
		select {
		case <-ctx.Done():
			return false
		case <-look.C:
		}
		if free++; !freePort(ctx, address) {
			free = 0
		}
	}
	return true
}

// describeBroker says whose broker it is as well, which the configuration alone does not.
func (d *daemon) describeBroker() string {
	switch err := d.builtIn.failed.Load(); {
	case err == nil:
		return describeBroker(d.cfg.MQTT)
	case errors.Is(*err, syscall.EADDRINUSE):
		return "another program's, on " + d.cfg.MQTT.Listen
	default:
		return oneLine(fmt.Errorf("none: %w", *err))
	}
}
