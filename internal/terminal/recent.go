package terminal

import (
	"strings"
	"sync"
)

// recent holds the newest lines of the log, for a support file.
type recent struct {
	mu    sync.Mutex // guards all
	lines []string
	next  int
}

// recentLines is how many lines are held.
const recentLines = 500

// Write keeps a line. It never fails.
func (r *recent) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) < recentLines {
		r.lines = append(r.lines, string(line))
	} else {
		r.lines[r.next] = string(line)
	}
	r.next = (r.next + 1) % recentLines
	return len(line), nil
}

// text returns the lines, the oldest first.
func (r *recent) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) < recentLines {
		return strings.Join(r.lines, "")
	}
	return strings.Join(r.lines[r.next:], "") + strings.Join(r.lines[:r.next], "")
}

// Recent returns the newest 500 lines of the log.
func (l *Log) Recent() string { return l.recent.text() }
