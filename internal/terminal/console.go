package terminal

import (
	"fmt"
	"io"
	"time"

	"edged/internal/printable"
	"edged/internal/sink"
)

// Console prints what a node recognises for a person at the terminal, a line for each start and end of an action and for each change of
// a camera. It is a sink.Sink.
type Console struct {
	sink.Ignore
	*Lines
	inJournal bool
}

// NewConsole returns the console that prints to stdout. In the journal it leaves out what the log says as well.
func NewConsole(stdout io.Writer, inJournal bool) *Console {
	return &Console{inJournal: inJournal, Lines: newLines(stdout, func(w io.Writer, n uint64) {
		fmt.Fprintf(w, "(%d lines are missing here: the terminal was too slow)\n", n)
	})}
}

// Event implements sink.Sink.
func (c *Console) Event(e sink.Event) {
	now := time.Now().Format(time.TimeOnly)
	switch e.Phase {
	case sink.Start:
		fmt.Fprintf(c, "%s  %s  %-14s started, score %.2f\n", now, e.View, printable.Line(e.Label), e.Score)
	case sink.End:
		fmt.Fprintf(c, "%s  %s  %-14s ended after %.1f s, peak %.2f\n", now, e.View, printable.Line(e.Label), (e.End - e.Start).Seconds(), e.Peak)
	}
}

// Camera implements sink.Sink.
func (c *Console) Camera(s sink.Camera) {
	if c.inJournal {
		return
	}
	now := time.Now().Format(time.TimeOnly)
	if s.Online {
		fmt.Fprintf(c, "%s  %s  online\n", now, s.Name)
		return
	}
	fmt.Fprintf(c, "%s  %s  offline: %s\n", now, s.Name, printable.Error(s.Reason))
}
