// Package lograte keeps a flood of the same events from becoming a flood of log lines.
package lograte

import (
	"sync"
	"time"
)

// Limit lets one line through, and then one line per interval at most. The zero value lets everything through.
type Limit struct {
	Every time.Duration

	mu         sync.Mutex
	next       time.Time // not before this time
	suppressed int
}

// Take reports whether to log a line now, and how many lines were suppressed since the last one.
func (l *Limit) Take() (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.next) {
		l.suppressed++
		return 0, false
	}
	suppressed, l.suppressed = l.suppressed, 0
	l.next = now.Add(l.Every)
	return suppressed, true
}
