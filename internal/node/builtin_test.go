package node

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"edged/internal/config"
	"edged/internal/testkit"
	"edged/publish/broker"
)

// patience bounds every wait for something that must happen; a busy machine may take long.
const patience = 60 * time.Second

// serveBroker is the built-in broker's child process: "broker --listen ADDRESS".
func serveBroker() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := broker.Serve(ctx, os.Args[3], slog.Default())
	stop()
	if err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// A signal may come at any time, also before the built-in broker is up.
func TestStopWhileTheBrokerStarts(t *testing.T) {
	b, m := new(BuiltIn), config.Default().MQTT
	m.Listen = testkit.FreeAddress(t)
	b.Follow(m)
	b.Stop()
	if !PortFree(t.Context(), m.Listen) {
		t.Error("somebody still listens there")
	}
}

// A program that has the built-in broker's port for a while does not keep the broker from starting for good.
func TestTheBuiltInBrokerStartsOnceItsPortIsFree(t *testing.T) {
	defer func(was time.Duration) { portCheckEvery = was }(portCheckEvery)
	portCheckEvery = 10 * time.Millisecond
	occupant, err := new(net.ListenConfig).Listen(t.Context(), "tcp", testkit.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	defer occupant.Close()
	address := occupant.Addr().String()
	n := &Node{Inputs: Inputs{Config: config.Default(), BuiltIn: new(BuiltIn)}}
	n.Config.MQTT.Listen = address
	n.BuiltIn.Follow(n.Config.MQTT)
	defer n.BuiltIn.Stop()
	if got := n.DescribeBroker(); got != "another program's, on "+address {
		t.Errorf("the broker is %q while its port is taken", got)
	}
	time.Sleep(2 * portChecks * portCheckEvery)
	occupant.Close()
	await(t, func() bool { return n.DescribeBroker() == "built in, on "+address })
	if PortFree(t.Context(), address) {
		t.Error("nobody listens there")
	}
}

// await returns once the condition holds.
func await(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain", patience)
		}
	}
}

// A broker's address is no reason not to watch, whatever is wrong with it: a port below 1024 without the right to it, say, or [::1]
// without IPv6. No machine can have this one.
func TestAnAddressThatTheBuiltInBrokerCannotHave(t *testing.T) {
	defer func(was time.Duration) { portCheckEvery = was }(portCheckEvery)
	portCheckEvery = time.Millisecond
	n := newNode(t, "cameras: [{name: gate, source: 'pattern:'}]\nweb: {listen: ''}\n")
	n.Config.MQTT.Listen = "127.0.0.1:65536"
	n.BuiltIn.Follow(n.Config.MQTT)
	defer n.BuiltIn.Stop()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- n.Run(ctx) }()
	await(t, n.Cameras[0].Online)
	if got := n.DescribeBroker(); !strings.Contains(got, "none: broker: listen") {
		t.Errorf("the broker is %q", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}
