// Package self is about this process. It starts the same program as a child process for work that may crash, and reads how much memory
// this process uses.
package self

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// Command returns this program with other arguments. The child has a process group of its own, so that Ctrl-C reaches only its parent. The
// kernel kills it when its parent ends. Start it with Start, not with its own method.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...) // also right after an upgrade has replaced the program's file
	cmd.Args[0] = os.Args[0]
	cmd.Env = Environment()
	cmd.SysProcAttr = attributes()
	return cmd
}

// Start starts the command. Call wait once: it waits for the command's end and returns what its Wait returned. Do not use StdoutPipe, which
// the Wait in the background closes.
//
// The kernel sends the parent-death signal when the thread that forked ends. So Start keeps a thread for as long as the child lives.
func Start(cmd *exec.Cmd) (wait func() error, err error) {
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return func() error { return <-ended }, nil
}

// secret are the names of variables that children must not know: where the broker's password is, what Home Assistant's Supervisor takes for
// it, and the socket for talking to systemd in edged's name.
var secret = []string{"CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "SUPERVISOR_TOKEN", "HASSIO_TOKEN"}

// Environment is this process's environment without what children must not know.
func Environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "EDGED_MQTT_") || slices.Contains(secret, name)
	})
}

// Memory returns a size from /proc/self/status (proc(5)), in bytes, by its name there: VmHWM, VmData, ...
func Memory(name string) (bytes uint64, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, value, found := strings.Cut(string(status), "\n"+name+":")
	if _, err := fmt.Sscan(value, &bytes); !found || err != nil {
		return 0, fmt.Errorf("no %s in /proc/self/status", name)
	}
	return bytes << 10, nil
}
