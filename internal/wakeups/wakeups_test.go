package wakeups

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Every thread must have the slack, above all the runtime's monitor, which this test cannot tell from the others.
func TestEveryThreadHasTheSlack(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || slack != 2_000_000 {
		t.Errorf("this thread's timer slack is %d ns, %v", slack, err)
	}
	if os.Getuid() != 0 {
		return // only root may read that of the other threads
	}
	threads, err := filepath.Glob("/proc/self/task/*")
	if err != nil || len(threads) < 2 {
		t.Fatalf("threads %v, %v", threads, err)
	}
	for _, thread := range threads {
		got, err := os.ReadFile("/proc/" + filepath.Base(thread) + "/timerslack_ns")
		if err != nil || string(got) != "2000000\n" {
			t.Errorf("thread %s: %q, %v", thread, got, err)
		}
	}
}

func TestReduceHeedsTheEnvironment(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	t.Setenv("GOMAXPROCS", "7")
	runtime.GOMAXPROCS(7)
	if Reduce(); runtime.GOMAXPROCS(0) != 7 {
		t.Errorf("%d processors, but GOMAXPROCS is 7", runtime.GOMAXPROCS(0))
	}
	t.Setenv("GOMAXPROCS", "")
	if Reduce(); runtime.GOMAXPROCS(0) > processors {
		t.Errorf("%d processors, want at most %d", runtime.GOMAXPROCS(0), processors)
	}
}
