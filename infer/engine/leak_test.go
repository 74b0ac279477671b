package engine

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"
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
	cycles(2)
	kB, threads := status(t, "VmRSS"), status(t, "Threads")
	cycles(17)
	if grown := status(t, "VmRSS") - kB; grown > 4000 {
		t.Errorf("51 more engines leave %d kB behind", grown)
	}
	if grown := status(t, "Threads") - threads; grown > 2 { // the Go runtime may start one or two of its own
		t.Errorf("51 more engines leave %d threads behind", grown)
	}
}
