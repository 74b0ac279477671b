package main

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"edged/internal/config"
	"edged/internal/mosquittotest"
	"edged/publish"
)

// A signal may come at any time, also before the built-in broker is up: that is a clean stop, not a failure.
func TestStopWhileTheBrokerStarts(t *testing.T) {
	t.Setenv(asEdged, "1")
	ctx, fail := context.WithCancelCause(t.Context())
	fail(context.Canceled)
	d := &daemon{cfg: config.Default()}
	d.cfg.MQTT.Listen = mosquittotest.FreeAddress(t)
	stop, err := d.startBroker(ctx, fail)
	if err != nil {
		t.Errorf("error %v, want none", err)
	}
	stop()
}

// Whoever has the built-in broker's port for a while does not keep it from starting for good.
func TestTheBuiltInBrokerStartsOnceItsPortIsFree(t *testing.T) {
	t.Setenv(asEdged, "1")
	defer func(was time.Duration) { portLook = was }(portLook)
	portLook = 10 * time.Millisecond
	occupant, err := new(net.ListenConfig).Listen(t.Context(), "tcp", mosquittotest.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	defer occupant.Close()
	address := occupant.Addr().String()
	d := &daemon{cfg: config.Default(), publisher: &publish.Publisher{Broker: "tcp://" + address, Node: "board"}}
	d.cfg.MQTT.Listen = address
	if err := d.publisher.Initialize(); err != nil {
		t.Fatal(err)
	}
	stop, err := d.startBroker(t.Context(), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if got := d.describeBroker(); got != "another program's, on "+address {
		t.Errorf("the broker is %q while its port is taken", got)
	}
	time.Sleep(2 * portLooks * portLook)
	occupant.Close()
	for deadline := time.Now().Add(patience); d.describeBroker() != "built in, on "+address; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the broker is %q", d.describeBroker())
		}
	}
	if freePort(t.Context(), address) {
		t.Error("nobody listens there")
	}
}

// blocked is a terminal that takes nothing until it is released.
type blocked struct{ release chan struct{} }

func (b blocked) Write(p []byte) (int, error) {
	<-b.release
	return len(p), nil
}

func TestABlockedTerminalHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terminal := blocked{make(chan struct{})}
		c := newConsole(output{terminal})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.run(ctx) }()
		began := time.Now()
		for range 10 * consoleLines {
			c.printf("line\n")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > consoleFlush {
			t.Errorf("printing and stopping took %v", took)
		}
		if c.dropped.Load() < 8*consoleLines {
			t.Errorf("%d lines counted as dropped", c.dropped.Load())
		}
		close(terminal.release)
	})
}

func TestConsolePrintsWhatWaitsAtTheEnd(t *testing.T) {
	var out strings.Builder
	c := newConsole(output{io.Writer(&out)})
	ctx, cancel := context.WithCancel(t.Context())
	c.printf("a\n")
	c.printf("b\n")
	cancel()
	if err := c.run(ctx); err != nil || out.String() != "a\nb\n" {
		t.Errorf("printed %q, error %v", out.String(), err)
	}
}

func TestSizeAskedOfACamera(t *testing.T) {
	m, err := loadModel("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cam           config.Camera
		width, height int
	}{
		{config.Camera{}, 192, 192},
		{config.Camera{Views: []config.View{{Area: []float64{0, 0, 0.5, 1}}, {Area: []float64{0.4, 0.5, 0.6, 0.3}}}}, 384, 640},
		{config.Camera{Snapshots: true}, 640, 480},
		{config.Camera{Views: []config.View{{Area: []float64{0, 0, 0.1, 0.2}}}}, 1280, 720},
	} {
		if w, h := leastSize(c.cam, new(config.Config).ViewsOf(c.cam), m.Manifest); w != c.width || h != c.height {
			t.Errorf("%+v: %dx%d, want %dx%d", c.cam, w, h, c.width, c.height)
		}
	}
}
