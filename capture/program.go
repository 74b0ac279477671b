package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"edged/internal/self"
)

// program is a running shell command, in a process group of its own, whose standard output is read with a deadline.
type program struct {
	ctx    context.Context // of the caller: its end is that of reading
	line   string
	cmd    *exec.Cmd
	cancel context.CancelFunc
	unhook func() bool
	out    *os.File
	said   words // on stderr
}

// lastWish is how long a program has to end after SIGTERM: a camera that is killed may stay busy.
const lastWish = time.Second

func startProgram(ctx context.Context, line string) (*program, error) {
	own, cancel := context.WithCancel(ctx)
	p := &program{ctx: ctx, line: line, cmd: exec.CommandContext(own, "sh", "-c", line), cancel: cancel}
	r, w, err := os.Pipe()
	if err != nil {
		cancel()
		return nil, err
	}
	defer w.Close()
	p.out = r
	p.cmd.Env = self.Environment()
	p.cmd.Stdout, p.cmd.Stderr = w, &p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = func() error { return p.signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = lastWish
	if err := p.cmd.Start(); err != nil {
		cancel()
		r.Close()
		return nil, err
	}
	// A process that left the group may keep the pipe open for ever.
	p.unhook = context.AfterFunc(ctx, p.stopReading)
	return p, nil
}

// allow gives the program so long for what is read next.
func (p *program) allow(d time.Duration) {
	_ = p.out.SetReadDeadline(time.Now().Add(d))
	if p.ctx.Err() != nil { // over whose deadline that was set: a program may go on writing in spite of SIGTERM
		p.stopReading()
	}
}

func (p *program) stopReading() { _ = p.out.SetReadDeadline(time.Unix(1, 0)) }

func (p *program) signal(s syscall.Signal) error { return syscall.Kill(-p.cmd.Process.Pid, s) }

// end stops what still runs and says why reading ended with err: its exit status and last words know most.
func (p *program) end(err error, stall time.Duration) error {
	p.unhook()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		defer time.AfterFunc(lastWish, p.cancel).Stop() // it has closed its output; its own end says why
	} else {
		p.said.close()
		p.cancel()
	}
	p.out.Close()
	waited := p.cmd.Wait()
	p.cancel()
	_ = p.signal(syscall.SIGKILL) // what it started and left behind
	said := new(wrote)
	without := errors.As(err, said)
	err = whyEnded(err, waited, stall)
	if without {
		err = fmt.Errorf("%w; its output has no picture and begins %s", err, said.begins)
	}
	return p.said.explain(err, func(text string) string { return redactFor(p.line, text) })
}

// whyEnded says why the frames of a program ended: err is of reading them, waited of its exit.
func whyEnded(err, waited error, stall time.Duration) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: no frame for %v", errHangs, stall)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("%w in the middle of a frame", errExited)
	case errors.Is(err, io.EOF):
		err = errExited
	default:
		return err
	}
	if waited != nil {
		err = fmt.Errorf("%w (%w)", err, waited)
	}
	return err
}
