package main

import (
	"io"
	"sync/atomic"
	"time"
)

// lines is a writer that never waits. A terminal that takes no more (Ctrl-S, a pager) or a journald that hangs must not hold up a
// camera: each Write is a line that waits in a channel, and those that find it full are dropped, counted, and told of.
type lines struct {
	out     io.Writer
	waiting chan string
	dropped *atomic.Uint64
	told    uint64                      // of the dropped
	missing func(w io.Writer, n uint64) // says so
}

const (
	linesWaiting = 256
	// linesFlush is how long the last lines may take, so that a terminal that takes none does not keep edged from ending.
	linesFlush = time.Second
)

func newLines(out io.Writer, dropped *atomic.Uint64, missing func(w io.Writer, n uint64)) *lines {
	return &lines{out: out, waiting: make(chan string, linesWaiting), dropped: dropped, told: dropped.Load(), missing: missing}
}

func (l *lines) Write(line []byte) (int, error) {
	select {
	case l.waiting <- string(line):
	default:
		l.dropped.Add(1)
	}
	return len(line), nil
}

// start begins to write what waits; stop writes the rest.
func (l *lines) start() (stop func()) {
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

func (l *lines) write(line string) {
	_, _ = io.WriteString(l.out, line) // a closed terminal is no reason to stop watching
	if n := l.dropped.Load(); n != l.told && len(l.waiting) == 0 {
		l.missing(l.out, n-l.told)
		l.told = n
	}
}
