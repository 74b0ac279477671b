// Package logtest keeps what a component under test logs.
package logtest

import (
	"bytes"
	"strings"
	"sync"
)

// Buffer is a log that can be read while it is written. The zero value is empty.
type Buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Has returns a condition to wait for: that the part has been logged.
func (b *Buffer) Has(part string) func() bool {
	return func() bool { return strings.Contains(b.String(), part) }
}
