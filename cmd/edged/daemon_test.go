package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"edged/internal/config"
	"edged/internal/mosquittotest"
)

// A signal may come at any time, also before the built-in broker is up.
func TestStopWhileTheBrokerStarts(t *testing.T) {
	t.Setenv(asEdged, "1")
	own, m := new(builtIn), config.Default().MQTT
	m.Listen = mosquittotest.FreeAddress(t)
	own.follow(m)
	own.stop()
	if !freePort(t.Context(), m.Listen) {
		t.Error("somebody still listens there")
	}
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
	d := &daemon{cfg: config.Default(), builtIn: new(builtIn)}
	d.cfg.MQTT.Listen = address
	d.builtIn.follow(d.cfg.MQTT)
	defer d.builtIn.stop()
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

// The address of a broker is no reason not to watch, whatever is wrong with it: a port below 1024 without the right to it, say, or
// [::1] without IPv6. Neither can be had everywhere; this one nowhere.
func TestAnAddressThatTheBuiltInBrokerCannotHave(t *testing.T) {
	defer func(was time.Duration) { portLook = was }(portLook)
	portLook = time.Millisecond
	r := runCmd{Camera: "pattern:"}
	d, err := r.prepare(t.Context(), output{io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	d.cfg.MQTT.Listen, d.cfg.Web.Listen = "127.0.0.1:65536", ""
	r.broker.follow(d.cfg.MQTT)
	defer r.broker.stop()
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		for deadline := time.Now().Add(patience); !d.watchers[0].online.Load(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Errorf("no picture: %v", d.readiness())
				return
			}
		}
		if got := d.describeBroker(); !strings.Contains(got, "none: broker: listen") {
			t.Errorf("the broker is %q", got)
		}
	}()
	if next, err := r.life(ctx, d, output{io.Discard}, nil); err != nil || next != nil {
		t.Errorf("ended with %v", err)
	}
}

// blocked is a terminal that takes nothing until it is released.
type blocked struct {
	release chan struct{}
	took    *strings.Builder
}

func (b blocked) Write(p []byte) (int, error) {
	<-b.release
	return b.took.Write(p)
}

// A terminal or a journald that takes nothing holds up neither what writes nor the end; when it goes on it is told what is missing.
func TestABlockedTerminalHoldsUpNothing(t *testing.T) {
	for name, makeLines := range map[string]func(io.Writer) *lines{
		"console": func(w io.Writer) *lines { return newConsole(output{w}).lines },
		"log":     logLines,
	} {
		synctest.Test(t, func(t *testing.T) {
			terminal := blocked{make(chan struct{}), new(strings.Builder)}
			l := makeLines(terminal)
			before, stop, began := l.dropped.Load(), l.start(), time.Now()
			say := newLog(l, false).Info
			for range 10 * linesWaiting {
				say("line")
			}
			stop()
			if took := time.Since(began); took > linesFlush {
				t.Errorf("%s: writing and stopping took %v", name, took)
			}
			dropped := l.dropped.Load() - before
			if dropped < 8*linesWaiting {
				t.Errorf("%s: %d lines counted as dropped", name, dropped)
			}
			close(terminal.release)
			synctest.Wait()
			taken := strings.Count(terminal.took.String(), "msg=line")
			last := terminal.took.String()
			last = last[strings.LastIndex(strings.TrimSpace(last), "\n")+1:]
			if uint64(taken)+dropped != 10*linesWaiting || !strings.Contains(last, "missing here") || !strings.Contains(last, fmt.Sprint(dropped)) {
				t.Errorf("%s: %d of %d lines came, %d dropped, and at last %q", name, taken, 10*linesWaiting, dropped, last)
			}
		})
	}
}

// The same as a user has it: stderr is a pipe that is full and that nobody reads, and a camera sends what cannot be decoded, which
// its own goroutine logs.
func TestALogThatNobodyReadsHoldsUpNoCamera(t *testing.T) {
	picture := newCamera(t, openWatcher(t)).frame.Data
	good, bad := write(t, "good.jpg", string(picture)), bytes.Clone(picture)
	table := bytes.Index(bad, []byte{0xff, 0xc4}) + 5 // of a Huffman table: how many codes have 1 bit, 2 bits, ...
	copy(bad[table:], bytes.Repeat([]byte{0xfe}, 16))
	flag := filepath.Join(t.TempDir(), "flag")
	address := freeAddress(t)
	config := write(t, "edged.yaml", fmt.Sprintf("mqtt: {broker: 'tcp://%s'}\nweb: {listen: %q}\n"+
		"cameras: [{name: gate, source: 'command:while sleep 0.03; do cat %s; if [ -e %s ]; then cat %s; fi; done'}]\n",
		mosquittotest.FreeAddress(t), address, good, flag, write(t, "bad.jpg", string(bad))))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	p := startEdgedTo(t, io.Discard, w, "run", "-c", config)
	p.line(t, "gate  online")
	fillPipe(t, w)
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	gate := func() cameraStats {
		t.Helper()
		body, err := fetch(t.Context(), "http://"+address+"/status")
		if err != nil {
			t.Fatal(err)
		}
		var s nodeStats
		if err := json.Unmarshal(body, &s); err != nil {
			t.Fatal(err)
		}
		return s.Cameras["gate"]
	}
	deadline := time.Now().Add(patience)
	for last := uint64(0); last == 0 || gate().Frames < last+30; time.Sleep(10 * time.Millisecond) {
		if s := gate(); last == 0 && s.DroppedCorrupt > 0 {
			last = s.Frames
		}
		if time.Now().After(deadline) {
			t.Fatalf("the camera stands still: %+v", gate())
		}
	}
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// fillPipe writes into the pipe until it takes no more.
func fillPipe(t *testing.T, w *os.File) {
	t.Helper()
	// Opened anew, since not to wait must not become the way of the other end's holders.
	filler, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", w.Fd()), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	for err == nil {
		if err = filler.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		_, err = filler.Write([]byte("."))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestConsolePrintsWhatWaitsAtTheEnd(t *testing.T) {
	var out strings.Builder
	c := newConsole(output{io.Writer(&out)})
	c.printf("a\n")
	c.printf("b\n")
	c.lines.start()()
	if out.String() != "a\nb\n" {
		t.Errorf("printed %q", out.String())
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
		if w, h := leastSize(c.cam, new(config.Config).ViewsOf(c.cam, true), m.Manifest); w != c.width || h != c.height {
			t.Errorf("%+v: %dx%d, want %dx%d", c.cam, w, h, c.width, c.height)
		}
	}
}
