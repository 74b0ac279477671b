package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"edged/internal/background"
	"edged/internal/backoff"
	"edged/internal/self"
)

// Child runs the broker in a child process, so that nothing that clients send can harm the daemon. The process runs this same program
// with the arguments "broker --listen fd:3", and must call Serve. Set the inputs, call Listen, then Run.
type Child struct {
	Address string       // where the broker listens: a loopback address with a port
	Log     *slog.Logger // nil = slog.Default()
	// Output receives what the process logs and prints; nil = this process's standard error.
	Output io.Writer

	socket  *os.File      // the listening socket
	silence time.Duration // between two checks of the process, and how long each may take; 0 = the constant
	started func(pid int) // for tests: called for each process; may be nil
}

const (
	// stopWithin is the time from SIGTERM to SIGKILL.
	stopWithin = 3 * time.Second
	// silence is the time between two checks.
	silence = 30 * time.Second
)

// Listen opens the port, and keeps it until Run ends. Clients may connect at once: they wait until a process serves them, the first one
// or the next one after a crash.
func (c *Child) Listen(ctx context.Context) error {
	l, err := listen(ctx, c.Address)
	if err != nil {
		return err
	}
	defer l.Close()
	if c.socket, err = l.(*net.TCPListener).File(); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	return nil
}

// Run starts the broker, and starts it again whenever it has died or hung, after a jittered pause that doubles from 0.1 s to 10 s. When
// ctx ends, Run ends the process and returns. Listen must have succeeded.
func (c *Child) Run(ctx context.Context) {
	defer c.socket.Close()
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Output == nil {
		c.Output = os.Stderr
	}
	if c.silence == 0 {
		c.silence = silence
	}
	wait := backoff.Backoff{Min: 100 * time.Millisecond, Max: 10 * time.Second, Healthy: 10 * time.Second}
	for {
		began := time.Now()
		err := c.life(ctx)
		if ctx.Err() != nil {
			return
		}
		delay := wait.After(time.Since(began))
		c.Log.Error("broker: its process ended; starting another", "error", err, "in", delay.String())
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
		}
	}
}

// life runs one broker process, from its start to its end.
func (c *Child) life(ctx context.Context) error {
	cmd := self.Command(ctx, "broker", "--listen", inherited)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopWithin
	cmd.ExtraFiles = []*os.File{c.socket}
	cmd.Stdout, cmd.Stderr = c.Output, c.Output
	wait, err := self.Start(cmd)
	if err != nil {
		return fmt.Errorf("broker: start its process: %w", err)
	}
	if c.started != nil {
		c.started(cmd.Process.Pid)
	}
	defer background.Start(func(ctx context.Context) { c.watch(ctx, cmd.Process) })()
	if err := wait(); err != nil {
		return err
	}
	return errors.New("exit status 0, though nobody asked it to stop")
}

// watch kills the process if it does not answer twice in a row.
func (c *Child) watch(ctx context.Context, process *os.Process) {
	look := time.NewTicker(c.silence)
	defer look.Stop()
	for silent := 0; silent < 2; {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		if silent++; c.answers(ctx) || ctx.Err() != nil {
			silent = 0
		}
	}
	c.Log.Error("broker: its process hangs; killing it")
	_ = process.Kill()
}

// hello is a CONNECT of MQTT 3.1.1 without a client id, and a DISCONNECT.
const hello = "\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00\xe0\x00"

// answers reports whether the broker reacts to a client. To refuse it because there are too many counts, too.
func (c *Child) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, c.silence)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.Address)
	if err == nil {
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		if _, err = conn.Write([]byte(hello)); err == nil {
			_, _ = conn.Read(make([]byte, 4))
		}
	}
	return ctx.Err() == nil
}
