package self

import (
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// A child outlives the thread of the goroutine that started it.
func TestAChildOutlivesThreads(t *testing.T) {
	for range 4 { // the main thread, on which the first may run, never ends
		cmd := exec.CommandContext(t.Context(), "sleep", "60")
		cmd.SysProcAttr = attributes()
		var wait func() error
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			runtime.LockOSThread() // the thread ends with the goroutine
			var err error
			if wait, err = Start(cmd); err != nil {
				t.Error(err)
			}
		}()
		if <-ended; wait == nil {
			t.FailNow()
		}
		time.Sleep(50 * time.Millisecond)
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := wait(); err == nil || err.Error() != "signal: terminated" {
			t.Errorf("wait: %v; the child must live until the test ends it", err)
		}
	}
}
