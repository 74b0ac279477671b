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

// program is a running shell command in a process group of its own. edged reads its standard output with a deadline.
type program struct {
	ctx      context.Context // reading ends with it
	line     string
	cmd      *exec.Cmd
	cancel   context.CancelFunc
	unhook   func() bool
	out      *os.File
	said     words         // on stderr
	patience time.Duration // how long the present read waits at most
}

// killAfter is how long a program has to exit after SIGTERM. The camera of a killed program may stay busy.
const killAfter = time.Second

// lookEvery is how often edged looks whether a program's processes have ended.
const lookEvery = 10 * time.Millisecond

func startProgram(ctx context.Context, line, dir string) (*program, error) {
	own, cancel := context.WithCancel(ctx)
	p := &program{ctx: ctx, line: line, cmd: exec.CommandContext(own, "sh", "-c", line), cancel: cancel}
	r, w, err := os.Pipe()
	if err != nil {
		cancel()
		return nil, err
	}
	defer w.Close()
	p.out = r
	p.cmd.Env, p.cmd.Dir = self.Environment(), dir
	p.cmd.Stdout, p.cmd.Stderr = w, &p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = func() error { return p.signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = killAfter
	if err := p.cmd.Start(); err != nil {
		cancel()
		r.Close()
		return nil, err
	}
	// A process that has left the group may keep the pipe open for ever.
	p.unhook = context.AfterFunc(ctx, p.stopReading)
	return p, nil
}

// setDeadline makes the next reads fail unless the program writes within d.
func (p *program) setDeadline(d time.Duration) {
	p.patience = d
	_ = p.out.SetReadDeadline(time.Now().Add(d))
	if p.ctx.Err() != nil { // stopReading's deadline was overwritten: a program may go on writing in spite of SIGTERM
		p.stopReading()
	}
}

func (p *program) stopReading() { _ = p.out.SetReadDeadline(time.Unix(1, 0)) }

func (p *program) signal(s syscall.Signal) error { return syscall.Kill(-p.cmd.Process.Pid, s) }

// end stops what still runs and returns why reading ended with err. The program's exit status and last words say most.
func (p *program) end(err error) error {
	p.unhook()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		defer time.AfterFunc(killAfter, p.cancel).Stop() // the program has closed its output; its exit says why
	} else {
		p.said.close()
		p.cancel()
	}
	p.out.Close()
	waited := p.cmd.Wait()
	p.cancel()
	p.endLeftBehind()
	said := new(wrote)
	without := errors.As(err, said)
	err = whyEnded(err, waited, p.patience)
	if without {
		err = fmt.Errorf("%w; its output has no picture and begins %s", err, said.begins)
	}
	return p.said.explain(err, func(text string) string { return redactFor(p.line, text) })
}

// endLeftBehind ends the processes that the program started and left behind. A shell does not wait for those that it ran.
func (p *program) endLeftBehind() {
	_ = p.signal(syscall.SIGTERM)
	for left := killAfter; left > 0 && p.signal(0) == nil; left -= lookEvery {
		time.Sleep(lookEvery)
	}
	_ = p.signal(syscall.SIGKILL)
}

// whyEnded returns why a program's frames ended. err is how reading ended, waited is the error of its exit, and patience how long
// reading waited at most.
func whyEnded(err, waited error, patience time.Duration) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: no frame for %v", errHangs, patience)
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
