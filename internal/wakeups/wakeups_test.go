package wakeups

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"edged/internal/testkit"
)

// Every thread must have the slack, above all the runtime's monitor, which this test cannot tell from the others.
func TestEveryThreadHasTheSlack(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || slack != 2_000_000 {
		t.Errorf("this thread's timer slack is %d ns, %v", slack, err)
	}
	testkit.Root(t) // others may not read that of the other threads
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

func TestReduce(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	t.Setenv("GOMAXPROCS", "7")
	runtime.GOMAXPROCS(7)
	if Reduce(1, 1); runtime.GOMAXPROCS(0) != 7 {
		t.Errorf("%d processors, but GOMAXPROCS is 7", runtime.GOMAXPROCS(0))
	}
	t.Setenv("GOMAXPROCS", "")
	for _, c := range []struct{ cameras, engines, want int }{{0, 0, 1}, {1, 1, 1}, {2, 1, 2}, {8, 3, 4}} {
		if Reduce(c.cameras, c.engines); runtime.GOMAXPROCS(0) != min(c.want, runtime.NumCPU()) {
			t.Errorf("%d cameras, %d engines: %d processors, want %d or all cores", c.cameras, c.engines, runtime.GOMAXPROCS(0), c.want)
		}
	}
}
