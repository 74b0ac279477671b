package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"edged/internal/backoff"
)

// Child runs the broker as a child process, so that nothing sent to the broker can harm the daemon. The process is this very
// program with the arguments "broker --listen Address", which must call Serve. Set the inputs and call Run.
type Child struct {
	Address string // where the broker listens: a loopback address with a port

	// Ready is called each time a broker process has come up and accepts connections; nil = not needed.
	Ready func(pid int)
	Log   *slog.Logger // nil = slog.Default()
	// Output is where the process's own log and its last words go; nil = this process's standard error.
	Output io.Writer
}

const (
	readyWithin = 10 * time.Second // from the process's start to the first connection that it accepts
	stopWithin  = 3 * time.Second  // from SIGTERM to SIGKILL
)

// Run starts the broker and starts it again, after a jittered wait of 0.1 s that doubles to 10 s, whenever it has died. It
// returns nil when ctx ends, once the process is gone; and an error only when the broker cannot be started the first time,
// for instance because the port is taken.
func (c *Child) Run(ctx context.Context) error {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Output == nil {
		c.Output = os.Stderr
	}
	// The first start is tried here as well, for a clear error at once: the child could only die and be started again.
	probe, err := listen(ctx, c.Address)
	if err != nil {
		return err
	}
	probe.Close()

	wait := backoff.Backoff{Min: 100 * time.Millisecond, Max: 10 * time.Second, Healthy: 10 * time.Second}
	for {
		began := time.Now()
		err := c.life(ctx)
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		delay := wait.After(time.Since(began))
		c.Log.Error("broker: its process ended; starting another", "error", err, "in", delay.String())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(delay):
		}
	}
}

// life is one broker process from its start to its end.
func (c *Child) life(ctx context.Context) error {
	// The kernel sends the parent-death signal when the thread that forked ends, so this one must last as long as the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	const self = "/proc/self/exe" // right even where the program's file was replaced meanwhile
	cmd := exec.CommandContext(ctx, self, "broker", "--listen", c.Address)
	cmd.Args[0] = os.Args[0]
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopWithin
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true, // Ctrl-C is for the daemon, which stops the broker after its own good-bye
		Pdeathsig: syscall.SIGKILL,
	}
	cmd.Stdout, cmd.Stderr = c.Output, c.Output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("broker: start its process: %w", err)
	}
	var exit error
	ended := make(chan struct{})
	go func() { exit = cmd.Wait(); close(ended) }()

	notReady := c.awaitReady(ctx, ended)
	if notReady != nil {
		_ = cmd.Process.Kill() // where it is not gone already
	} else if c.Ready != nil {
		c.Ready(cmd.Process.Pid)
	}
	<-ended
	if exit == nil {
		exit = errors.New("exit status 0, though nobody asked it to stop")
	}
	return errors.Join(notReady, exit)
}

// awaitReady returns when the broker accepts a connection, or ended is closed, or it has taken too long, which is an error.
func (c *Child) awaitReady(ctx context.Context, ended <-chan struct{}) error {
	deadline := time.NewTimer(readyWithin)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	var d net.Dialer
	for {
		if conn, err := d.DialContext(ctx, "tcp", c.Address); err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return fmt.Errorf("broker: it ended before it accepted connections on %s", c.Address)
		case <-deadline.C:
			return fmt.Errorf("broker: it accepted no connection on %s within %v of its start", c.Address, readyWithin)
		case <-again.C:
		}
	}
}
