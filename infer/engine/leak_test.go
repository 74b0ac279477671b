package engine

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"edged/internal/testkit"
)

// status reads a number out of /proc/self/status.
func status(t *testing.T, key string) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			if _, err := fmt.Sscan(rest, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no %s in /proc/self/status", key)
	return 0
}

// TestOpeningAndClosingLeaksNothing: a model that is changed at run time, or a delegate that comes and goes, must not
// cost memory or threads each time. The starter and XNNPACK's copy of its weights have about 2 MB.
func TestOpeningAndClosingLeaksNothing(t *testing.T) {
	testkit.Slow(t)
	m := starter(t)
	cycle := func(o Options) {
		e, err := New(m, o) // runs the model once, too
		if err != nil {
			t.Fatal(err)
		}
		e.Close()
	}
	wrong := *m
	wrong.Labels = m.Labels[:3]
	cycles := func(n int) {
		for range n {
			cycle(Options{Threads: 2})
			cycle(Options{Delegate: "external:/none.so"})
			if e, err := New(&wrong, Options{}); err == nil {
				e.Close()
				t.Fatal("a wrong model was accepted")
			}
		}
		debug.FreeOSMemory()
	}
	// A leak grows in every round, by 34 MB if an engine stays whole; allocators that settle (the race detector's, or
	// glibc's arenas, one a thread) grow in some.
	const rounds = 4
	var kBs, threads []int
	for range rounds {
		kB, n := status(t, "VmRSS"), status(t, "Threads")
		cycles(17)
		kBs, threads = append(kBs, status(t, "VmRSS")-kB), append(threads, status(t, "Threads")-n)
	}
	if slices.Min(kBs) > 2000 {
		t.Errorf("each 51 more engines leave %d kB behind", kBs)
	}
	if slices.Min(threads) > 0 {
		t.Errorf("each 51 more engines leave %d threads behind", threads)
	}
}
