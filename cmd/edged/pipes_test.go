package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"edged/internal/testkit"
)

// The reader of edged's output goes away. edged goes on, whether or not SIGPIPE was ignored when it started, and so do its children.
func TestNobodyReadsTheOutputAnyMore(t *testing.T) {
	testkit.Slow(t)
	for name, start := range map[string]string{"as usual": `exec "$@"`, "SIGPIPE ignored": `trap '' PIPE; exec "$@"`} {
		t.Run(name, func(t *testing.T) {
			address, trigger, marks := testkit.FreeAddress(t), filepath.Join(t.TempDir(), "trigger"), filepath.Join(t.TempDir(), "marks")
			config := write(t, "edged.yaml", fmt.Sprintf("log: {level: debug}\nmqtt: {listen: %q}\nweb: {listen: %q}\n"+
				"cameras: [{name: gate, source: \"command:while [ ! -e %s ]; do sleep 0.1; done; echo begun >>%s; exit 3\"}]\n",
				testkit.FreeAddress(t), address, trigger, marks))
			cmd := exec.CommandContext(t.Context(), "sh", "-c", start, "sh", os.Args[0], "run", "-c", config)
			cmd.Env = append(os.Environ(), asEdged+"=1")
			output := brokenPipe(t, cmd)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			testkit.WaitFor(t, "the status page", func() bool { _, err := fetch(t.Context(), "http://"+address+"/healthz"); return err == nil })
			output()
			if err := os.WriteFile(trigger, nil, 0o600); err != nil { // from here on the camera fails again and again, and the log says so
				t.Fatal(err)
			}
			testkit.WaitFor(t, "three attempts to open the camera", func() bool {
				begun, _ := os.ReadFile(marks)
				return strings.Count(string(begun), "begun") >= 3
			})
			if _, err := fetch(t.Context(), "http://"+address+"/healthz"); err != nil {
				t.Errorf("edged is gone: %v", err)
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

// brokenPipe gives the command pipes for its output. The function closes their other ends.
func brokenPipe(t *testing.T, cmd *exec.Cmd) (closeReaders func()) {
	t.Helper()
	var readers []*os.File
	for _, end := range []func(*os.File){func(w *os.File) { cmd.Stdout = w }, func(w *os.File) { cmd.Stderr = w }} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		end(w)
		t.Cleanup(func() { w.Close() })
		readers = append(readers, r)
	}
	return func() {
		for _, r := range readers {
			r.Close()
		}
	}
}

// A camera command is a pipeline like any other: a program in it whose reader has ended ends by SIGPIPE.
func TestACameraCommandGetsSIGPIPE(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	config := write(t, "edged.yaml", fmt.Sprintf("mqtt: {broker: 'tcp://127.0.0.1:1'}\nweb: {listen: ''}\ncameras: [{name: gate, "+
		"source: \"command:{ yes; echo $? >%s.new; mv %s.new %s; } | head -n 1 >/dev/null; sleep 1\"}]\n", mark, mark, mark))
	p := startEdged(t, "run", "-c", config)
	var status []byte
	testkit.WaitFor(t, "the end of the first program", func() bool {
		status, _ = os.ReadFile(mark)
		return len(status) > 0
	})
	if want := fmt.Sprint(128 + int(syscall.SIGPIPE)); strings.TrimSpace(string(status)) != want {
		t.Errorf("status %s, want %s", status, want)
	}
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
}
