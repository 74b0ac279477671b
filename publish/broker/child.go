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

	"edged/internal/backoff"
	"edged/internal/self"
)

// Child runs the broker as a child process, so that nothing sent to the broker can harm the daemon. The process is this very
// program with the arguments "broker --listen fd:3", which must call Serve. Set the inputs, call Listen, then Run.
type Child struct {
	Address string       // where the broker listens: a loopback address with a port
	Log     *slog.Logger // nil = slog.Default()
	// Output is where the process's own log and its last words go; nil = this process's standard error.
	Output io.Writer

	socket  *os.File      // listens
	started func(pid int) // for tests, each process; may be nil
}

// stopWithin is the time from SIGTERM to SIGKILL.
const stopWithin = 3 * time.Second

// Listen opens the port, which nobody else can have until Run ends. Clients may connect at once: they wait for a process, the
// first or one in the place of another that has died.
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

// Run starts the broker and starts it again, after a jittered wait of 0.1 s that doubles to 10 s, whenever it has died. It
// returns when ctx ends, once the process is gone. Listen must have succeeded.
func (c *Child) Run(ctx context.Context) {
	defer c.socket.Close()
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Output == nil {
		c.Output = os.Stderr
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

// life is one broker process from its start to its end.
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
	if err := wait(); err != nil {
		return err
	}
	return errors.New("exit status 0, though nobody asked it to stop")
}
