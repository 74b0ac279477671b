package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"edged/internal/background"
	"edged/internal/config"
	"edged/internal/printable"
	"edged/publish/broker"
)

// BuiltIn runs the built-in broker if the configuration asks for it. It survives a reload that does not change its address: otherwise
// other clients would lose their connections, the retained messages, and what is published before they are back.
type BuiltIn struct {
	address string                // "": no broker is asked for
	failed  atomic.Pointer[error] // why it could not get its port
	end     func()
}

// Follow starts, moves or ends the broker as the configuration asks. If its port is taken, another program is probably the broker there,
// most likely Debian's mosquitto; edged then uses that one.
func (b *BuiltIn) Follow(m config.MQTT) {
	address := ""
	if m.Broker == config.Embedded {
		address = m.Listen
	}
	if address == b.address {
		return
	}
	b.Stop()
	b.address = address
	if address == "" {
		return
	}
	child := &broker.Child{Address: address}
	b.listen(child) // before the publisher connects
	b.end = background.Start(func(ctx context.Context) { b.keep(ctx, child) })
}

// Stop ends the broker, if it runs.
func (b *BuiltIn) Stop() {
	if b.end != nil {
		b.end()
	}
	b.address, b.end = "", nil
	b.failed.Store(nil)
}

// listen takes the port, or notes why it cannot and logs that the first time.
func (b *BuiltIn) listen(child *broker.Child) {
	err := child.Listen(context.Background()) // an address and a port: there is nothing to wait for
	if err == nil {
		b.failed.Store(nil)
		return
	}
	switch again := b.failed.Swap(&err) != nil; {
	case again:
	case errors.Is(err, syscall.EADDRINUSE):
		slog.Warn("mqtt.listen is taken: edged uses the broker there instead of the built-in one", "address", child.Address)
	default:
		slog.Error("the built-in broker cannot listen at mqtt.listen; edged tries again", "error", err)
	}
}

// keep waits until the broker has its port, and runs it until ctx ends.
func (b *BuiltIn) keep(ctx context.Context, child *broker.Child) {
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

// The built-in broker takes a port only after it was free at portChecks checks in a row, portCheckEvery apart: another broker that is
// being restarted must find its port free.
const portChecks = 6

var portCheckEvery = 10 * time.Second

// awaitPort returns true once the port was free for a while, and false when ctx ends.
func awaitPort(ctx context.Context, address string) bool {
	tick := time.NewTicker(portCheckEvery)
	defer tick.Stop()
	for free := 0; free < portChecks; {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		if free++; !PortFree(ctx, address) {
			free = 0
		}
	}
	return true
}

// PortFree reports whether edged could listen at the address now.
func PortFree(ctx context.Context, address string) bool {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// DescribeBroker is the broker's address, and for the built-in one whether it is edged's own.
func (n *Node) DescribeBroker() string {
	switch err := n.BuiltIn.failed.Load(); {
	case err == nil:
		return ConfiguredBroker(n.Config.MQTT)
	case errors.Is(*err, syscall.EADDRINUSE):
		return "another program's, on " + n.Config.MQTT.Listen
	default:
		return printable.Error(fmt.Errorf("none: %w", *err))
	}
}

// ConfiguredBroker is the broker that the configuration asks for.
func ConfiguredBroker(m config.MQTT) string {
	if m.Broker == config.Embedded {
		return "built in, on " + m.Listen
	}
	return m.Broker
}
