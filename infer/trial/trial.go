// Package trial runs a model in a child process, so that a model that is new here cannot crash this one. TFLite trusts the offsets and
// sizes in a model file: a damaged or malicious file can crash the process that loads it.
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
	// Limit is how long a trial may take. A Raspberry Pi Zero 2 needs seconds for the largest model that is of use there.
	Limit = 60 * time.Second
)

// request is what the child reads on its standard input. It is a gob and not JSON, because a path need not be UTF-8.
type request struct {
	Path    string
	SHA256  string
	Options engine.Options
	Pack    bool // write Options.WeightCache
}

// Run loads the model in a child, as the daemon would, and runs it. The verdict says what is wrong with the model; nil means that it
// can be loaded here. The error says that there was no trial or that it did not finish, which may be the machine's fault.
func Run(ctx context.Context, m *models.Model, o engine.Options) (verdict, err error) {
	o.WeightCache = ""
	return run(ctx, m, request{Options: o}, Limit)
}

// Pack writes the model's packed weights to o.WeightCache, in a child. It returns an error unless the model, loaded from that file,
// computes exactly what it computes without.
func Pack(ctx context.Context, m *models.Model, o engine.Options) error {
	verdict, err := run(ctx, m, request{Options: o, Pack: true}, Limit)
	return errors.Join(verdict, err)
}

func run(ctx context.Context, m *models.Model, r request, limit time.Duration) (verdict, err error) {
	r.Path, r.SHA256 = m.Path, m.SHA256
	var in bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(r); err != nil {
		return nil, fmt.Errorf("trial: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := self.Command(limited, Command)
	cmd.Env = append(cmd.Env, "GOTRACEBACK=none") // the kind of a crash is enough
	cmd.WaitDelay = 10 * time.Second              // for a busy board
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

// head keeps the first headBytes that are written to it.
type head struct{ strings.Builder }

const headBytes = 16 << 10

func (h *head) Write(p []byte) (int, error) {
	_, err := h.Builder.Write(p[:min(len(p), headBytes-h.Len())])
	return len(p), err
}

// lastWords returns the first line about a crash. TFLite's own lines before it are no part of that.
func lastWords(stderr string) string {
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "INFO: ") {
			return line
		}
	}
	return "nothing said"
}
