package testkit

import (
	"bytes"
	"strings"
	"sync"
)

// Log keeps what the component under test logs. Tests may read it while it is written. The zero value is empty.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Has returns a condition for WaitFor: the log contains part.
func (l *Log) Has(part string) func() bool {
	return func() bool { return strings.Contains(l.String(), part) }
}
