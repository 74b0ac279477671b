// Package self is about this process: it starts the same program once more, as a child that does for it what may crash, and knows
// how much memory is taken.
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

// Command returns this program with other arguments. The child has a process group of its own, so that Ctrl-C is for its parent
// alone, and is killed when that ends. Start starts it.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...) // right even where the program's file was replaced meanwhile
	cmd.Args[0] = os.Args[0]
	cmd.Env = Environment()
	cmd.SysProcAttr = attributes()
	return cmd
}

// Start starts the command; wait, which the same goroutine must call, is its Wait.
func Start(cmd *exec.Cmd) (wait func() error, err error) {
	// The kernel sends the parent-death signal when the thread that forked ends, so this one must last as long as the child.
	runtime.LockOSThread()
	if err := cmd.Start(); err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	return func() error {
		defer runtime.UnlockOSThread()
		return cmd.Wait()
	}, nil
}

// Environment is ours without what no child needs to know: the broker's password, and how to talk to systemd in our name.
func Environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "EDGED_MQTT_") || name == "CREDENTIALS_DIRECTORY" || name == "NOTIFY_SOCKET"
	})
}

// Memory is a size that proc(5) has in /proc/self/status, in bytes: VmHWM, VmData, ...
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
