// Package broker is a small MQTT broker for users who have none. It accepts connections from this machine only.
//
// The server library, mochi-mqtt, can be brought down by a single packet (its issue #501: eight bytes of MQTT 5) and made to take a lot
// of memory, such as by connections that announce huge packets and send nothing (#502). So it runs in a process of its own, which
// Child starts and restarts. Serve lets no MQTT 5 near it, and bounds connections, packets, topics, and the bytes of whatever clients
// leave in the broker.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
)

const (
	maxConnections   = 64
	maxPacketBytes   = 1 << 20
	maxWritesPending = 4096 // messages for one subscriber that wait to be encoded; further ones are dropped for it
)

// memoryLimit is the size of the heap from which on memory that is no longer used is given back at once.
const memoryLimit = 64 << 20

// inherited stands for a listening socket that the process got from a Child, as its first file after the standard ones.
const inherited = "fd:3"

// Serve runs the broker until ctx ends. addr is a loopback address with a port, or "fd:3" in the process of a Child.
func Serve(ctx context.Context, addr string, log *slog.Logger) error {
	listener, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	log.Info("broker: listening", "address", listener.Addr().String())
	return serve(ctx, listener, sessionLasts, log)
}

func serve(ctx context.Context, listener net.Listener, session time.Duration, log *slog.Logger) error {
	debug.SetMemoryLimit(memoryLimit)
	capabilities := mqtt.NewDefaultServerCapabilities()
	capabilities.MaximumClients = maxConnections
	capabilities.MaximumPacketSize = maxPacketBytes
	capabilities.MaximumClientWritesPending = maxWritesPending
	capabilities.MaximumSessionExpiryInterval = uint32(session / time.Second)
	capabilities.MaximumMessageExpiryInterval = 0 // messages do not expire; by default they do after a day of the wall clock, which may jump
	server := mqtt.New(&mqtt.Options{
		Capabilities:           capabilities,
		SysTopicResendInterval: 60,                            // seconds; the default is 1, with some 30 messages each time
		Logger:                 slog.New(slog.DiscardHandler), // it would log whole packets, and a line for every connection that ends
	})
	bounds := newBounds(server, log)
	if err := errors.Join(
		server.AddHook(bounds, nil),
		server.AddHook(&sessions{server: server, bounds: bounds}, nil),
		server.AddListener(listeners.NewNet("loopback", newGuard(listener, maxConnections, log))),
		server.Serve(),
	); err != nil {
		return errors.Join(fmt.Errorf("broker: start on %s: %w", listener.Addr(), err), listener.Close())
	}
	<-ctx.Done()
	return server.Close()
}

// listen opens the listening socket. It refuses addresses that other machines can reach.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == inherited {
		socket := os.NewFile(3, addr)
		defer socket.Close()
		return net.FileListener(socket)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("broker: address %q: must be HOST:PORT, such as 127.0.0.1:1883", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("broker: address %q: this broker asks for no password, so it listens on 127.0.0.1 or [::1] only; "+
			"for other machines use mosquitto", addr)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("broker: port %s is taken: %w; if that is another MQTT broker, such as mosquitto, publish to it "+
			"(mqtt.broker: tcp://%s), or give the built-in one another port (mqtt.listen)", port, err, addr)
	}
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	return listener, nil
}
