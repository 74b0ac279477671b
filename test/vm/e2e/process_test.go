package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// process is a running program whose output is read line by line.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // closed at the end of the output
	said  []string    // what was read from lines so far
}

// start runs a program until the end of the test at the latest. What it writes to stderr is read with the rest.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return launch(t, exec.CommandContext(t.Context(), program, args...))
}

func launch(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, lines: make(chan string, 4096)}
	output, input := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = input, input
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		input.Close()
	}()
	go func() {
		scan := bufio.NewScanner(output)
		scan.Buffer(nil, 1<<20)
		for scan.Scan() {
			p.lines <- scan.Text()
		}
		close(p.lines)
	}()
	t.Cleanup(func() { // the context has ended, and the program with it
		for line := range p.lines {
			p.said = append(p.said, line)
		}
		if t.Failed() {
			for _, line := range p.said {
				t.Logf("%s: %s", p.cmd.Path, line)
			}
		}
	})
	return p
}

// expect returns the next line that match accepts.
func (p *process) expect(what string, match func(line string) bool) string {
	p.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("%s ended before %s", p.cmd.Path, what)
			}
			p.said = append(p.said, line)
			if match(line) {
				return line
			}
		case <-late:
			p.t.Fatalf("%s: no %s within %v", p.cmd.Path, what, patience)
		}
	}
}

// skip leaves unread what was written so far.
func (p *process) skip() {
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				return
			}
			p.said = append(p.said, line)
		default:
			return
		}
	}
}

// tell writes a line to the program and waits for the same word in answer.
func (p *process) tell(word string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.stdin, word); err != nil {
		p.t.Fatal(err)
	}
	p.expect("answer to "+word, func(line string) bool { return line == word+": done" })
}

// stop ends the program as systemd would and returns its exit status.
func (p *process) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	late := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				return p.cmd.ProcessState.ExitCode()
			}
			p.said = append(p.said, line)
		case <-late:
			p.t.Fatalf("%s still runs %v after SIGTERM", p.cmd.Path, patience)
		}
	}
}
