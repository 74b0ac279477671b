// Package broker is the MQTT broker for those who have none. It takes connections from this machine only.
//
// The server library, mochi-mqtt, can be brought down by a single packet (its issue #501: eight bytes of MQTT 5) and swollen
// by connections that announce huge packets and send nothing (#502). So it runs in a process of its own, which Child starts
// and restarts, and Serve lets no MQTT 5 near it and bounds packets and connections.
package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

const (
	maxConnections   = 64
	maxPacketBytes   = 1 << 20
	maxWritesPending = 4096 // messages that wait for one slow subscriber, or one that has just come; further ones are dropped for it
)

// inherited is the address of a socket that listens already: the first that a Child hands on besides the standard ones.
const inherited = "fd:3"

// Serve runs the broker on addr, a loopback address with a port, or what a Child gives in its place, until ctx ends.
func Serve(ctx context.Context, addr string, log *slog.Logger) error {
	listener, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	log.Info("broker: listening", "address", listener.Addr().String())
	return serve(ctx, listener, log)
}

func serve(ctx context.Context, listener net.Listener, log *slog.Logger) error {
	capabilities := mqtt.NewDefaultServerCapabilities()
	capabilities.MaximumClients = maxConnections
	capabilities.MaximumPacketSize = maxPacketBytes
	capabilities.MaximumClientWritesPending = maxWritesPending
	capabilities.MaximumSessionExpiryInterval = sessionSeconds
	capabilities.MaximumMessageExpiryInterval = 0 // none; by default a day of the wall clock, which may jump
	server := mqtt.New(&mqtt.Options{
		Capabilities:           capabilities,
		SysTopicResendInterval: 60,                            // seconds; by default some 30 messages every second
		Logger:                 slog.New(slog.DiscardHandler), // logs whole packets, and a line for every connection that ends
	})
	if err := errors.Join(
		server.AddHook(new(everyone), nil),
		server.AddHook(&sessions{server: server}, nil),
		server.AddListener(listeners.NewNet("loopback", newGuard(listener, maxConnections, log))),
		server.Serve(),
	); err != nil {
		return errors.Join(fmt.Errorf("broker: start on %s: %w", listener.Addr(), err), listener.Close())
	}
	<-ctx.Done()
	return server.Close()
}

// listen opens the broker's socket, and refuses addresses that other machines can reach.
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

// everyone is the hook that lets every client in and at every topic: what reaches a loopback address is on this machine.
type everyone struct{ mqtt.HookBase }

func (*everyone) ID() string { return "everyone" }

func (*everyone) Provides(b byte) bool {
	return bytes.IndexByte([]byte{mqtt.OnConnectAuthenticate, mqtt.OnACLCheck}, b) >= 0
}

func (*everyone) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

func (*everyone) OnACLCheck(*mqtt.Client, string, bool) bool { return true }
