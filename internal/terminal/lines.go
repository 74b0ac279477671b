// Package terminal writes what people read: the log on standard error and the console on standard output. Its writers never block.
package terminal

import (
	"io"
	"sync/atomic"
	"time"
)

// Lines is a writer that never blocks. A terminal may stop reading (Ctrl-S, a pager), and journald may hang; neither may stop a camera.
// Each Write is a line that waits in a queue. If the queue is full the line is dropped and counted, and a later line says so.
type Lines struct {
	out      io.Writer
	waiting  chan string
	dropped  atomic.Uint64
	reported uint64                      // how many dropped lines were reported
	report   func(w io.Writer, n uint64) // writes that n lines are missing
}

const (
	linesWaiting = 256
	// linesFlush is how long the last lines may take. A terminal that reads nothing must not keep edged from ending.
	linesFlush = time.Second
)

func newLines(out io.Writer, report func(w io.Writer, n uint64)) *Lines {
	return &Lines{out: out, waiting: make(chan string, linesWaiting), report: report}
}

// Write queues a line. It never fails.
func (l *Lines) Write(line []byte) (int, error) {
	select {
	case l.waiting <- string(line):
	default:
		l.dropped.Add(1)
	}
	return len(line), nil
}

// Dropped is how many lines the reader did not take.
func (l *Lines) Dropped() uint64 { return l.dropped.Load() }

// Start begins to write the queued lines. Stop writes the rest and returns.
func (l *Lines) Start() (stop func()) {
	end, written := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(written)
		for {
			select {
			case line := <-l.waiting:
				l.write(line)
			case <-end:
				for len(l.waiting) > 0 {
					l.write(<-l.waiting)
				}
				return
			}
		}
	}()
	return func() {
		close(end)
		select {
		case <-written:
		case <-time.After(linesFlush):
		}
	}
}

func (l *Lines) write(line string) {
	if _, err := io.WriteString(l.out, line); err != nil { // nobody reads any more, which must not end edged
		l.dropped.Add(1)
		return
	}
	if n := l.dropped.Load(); n != l.reported && len(l.waiting) == 0 {
		l.report(l.out, n-l.reported)
		l.reported = n
	}
}
