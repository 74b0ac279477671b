package terminal

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// blocked is a terminal that reads nothing until it is released.
type blocked struct {
	release chan struct{}
	took    *strings.Builder
}

func (b blocked) Write(p []byte) (int, error) {
	<-b.release
	return b.took.Write(p)
}

// A terminal or a journald that stops reading delays neither the writer nor the end of the program. When it reads again, it learns how
// many lines are missing.
func TestABlockedTerminalDelaysNothing(t *testing.T) {
	for name, makeLines := range map[string]func(io.Writer) *Lines{
		"console": func(w io.Writer) *Lines { return NewConsole(w, false).Lines },
		"log":     func(w io.Writer) *Lines { return NewLog(w, false).Lines },
	} {
		synctest.Test(t, func(t *testing.T) {
			terminal := blocked{make(chan struct{}), new(strings.Builder)}
			l := makeLines(terminal)
			stop, began := l.Start(), time.Now()
			for range 10 * linesWaiting {
				fmt.Fprintln(l, "a line")
			}
			stop()
			if took := time.Since(began); took > linesFlush {
				t.Errorf("%s: writing and stopping took %v", name, took)
			}
			if n := l.Dropped(); n < 8*linesWaiting {
				t.Errorf("%s: %d lines counted as dropped", name, n)
			}
			close(terminal.release)
			synctest.Wait()
			text := terminal.took.String()
			taken := strings.Count(text, "a line")
			last := text[strings.LastIndex(strings.TrimSpace(text), "\n")+1:]
			if uint64(taken)+l.Dropped() != 10*linesWaiting || !strings.Contains(last, "missing here") || !strings.Contains(last, fmt.Sprint(l.Dropped())) {
				t.Errorf("%s: %d of %d lines came, %d were dropped, and the last line is %q", name, taken, 10*linesWaiting, l.Dropped(), last)
			}
		})
	}
}

func TestStopWritesWhatWaits(t *testing.T) {
	var out strings.Builder
	c := NewConsole(&out, false)
	fmt.Fprintln(c, "a")
	fmt.Fprintln(c, "b")
	c.Start()()
	if out.String() != "a\nb\n" {
		t.Errorf("printed %q", out.String())
	}
}

// failing is a pipe whose reader has gone away for some lines.
type failing struct {
	took  strings.Builder
	lines int
}

func (f *failing) Write(p []byte) (int, error) {
	if f.lines--; f.lines >= 0 {
		return 0, errors.New("broken pipe")
	}
	return f.took.Write(p)
}

func TestLinesThatCannotBeWrittenAreCounted(t *testing.T) {
	out := &failing{lines: 3}
	l := NewConsole(out, false).Lines
	stop := l.Start()
	for range 5 {
		fmt.Fprintln(l, "a line")
	}
	stop()
	if got := out.took.String(); l.Dropped() != 3 || strings.Count(got, "a line") != 2 || !strings.Contains(got, "3 lines are missing here") {
		t.Errorf("%d dropped; %q", l.Dropped(), got)
	}
}
