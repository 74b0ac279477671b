// Package trial runs a new model in a child process first. TFLite trusts the offsets and sizes in a model file. So a damaged or
// malicious file can crash the process that loads it, and that should be the child, not the daemon.
package trial

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"edged/infer/engine"
	"edged/internal/self"
	"edged/models"
)

const (
	// Command is the argument with which a program that calls Run must call Child.
	Command = "try-model"
	// Limit is how long a trial may take. A Raspberry Pi Zero 2 needs seconds for the largest model that it can make use of.
	Limit = 60 * time.Second
)

// request is what the child reads on its standard input, as a gob: a path need not be UTF-8, which JSON would make of it.
type request struct {
	Path    string
	SHA256  string
	Options engine.Options
}

// Run loads the model in a child, as the daemon would, and runs it. The verdict says what is wrong with the model, nil that
// it can be loaded here; err that there was no trial, or that it came to no end, for which the machine may be to blame.
func Run(ctx context.Context, m *models.Model, o engine.Options) (verdict, err error) {
	return run(ctx, m, o, Limit)
}

func run(ctx context.Context, m *models.Model, o engine.Options, limit time.Duration) (verdict, err error) {
	var in bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(request{m.Path, m.SHA256, o}); err != nil {
		return nil, fmt.Errorf("trial: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := self.Command(limited, Command)
	cmd.Env = append(cmd.Env, "GOTRACEBACK=none") // of a crash, its name is enough
	cmd.WaitDelay = 10 * time.Second              // a busy board
	var said, complaint head
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &said, &complaint
	wait, err := self.Start(cmd)
	if err != nil {
		return nil, fmt.Errorf("trial: start a process to try the model in: %w", err)
	}
	err = wait()
	switch exit := new(exec.ExitError); {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil:
		return nil, nil
	case limited.Err() != nil:
		return nil, fmt.Errorf("trial: %s: edged could not load and run it within %v", m.Path, limit)
	case errors.As(err, &exit) && exit.ExitCode() == refused:
		return errors.New(said.String()), nil
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return nil, fmt.Errorf("trial: %s: the process that tried it was killed, most likely because memory ran out", m.Path)
	case errors.As(err, &exit):
		return fmt.Errorf("trial: %s: the process that tried it crashed (%w: %s); the file is damaged or malicious, or needs more memory than a model may use",
			m.Path, exit, lastWords(complaint.String())), nil
	}
	return nil, fmt.Errorf("trial: %w", err)
}

// head keeps the beginning of what is written to it.
type head struct{ strings.Builder }

const headBytes = 16 << 10

func (h *head) Write(p []byte) (int, error) {
	_, err := h.Builder.Write(p[:min(len(p), headBytes-h.Len())])
	return len(p), err
}

// lastWords is what a crash says of itself, without what TFLite has said before.
func lastWords(stderr string) string {
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "INFO: ") {
			return line
		}
	}
	return "nothing said"
}
