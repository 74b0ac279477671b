package terminal

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestRecentIsTheNewestLines(t *testing.T) {
	l := NewLog(io.Discard, false)
	for n := range 700 {
		l.Logger().Info("line", "n", n)
	}
	lines := strings.Split(strings.TrimSpace(l.Recent()), "\n")
	if len(lines) != recentLines {
		t.Fatalf("%d lines, want %d", len(lines), recentLines)
	}
	for i, line := range lines {
		if want := fmt.Sprintf("msg=line n=%d", 200+i); !strings.HasSuffix(line, want) {
			t.Fatalf("line %d is %q, want %s", i, line, want)
		}
	}
}
