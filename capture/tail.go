package capture

import (
	"bytes"
	"strings"
	"sync"
)

// tail keeps the last bytes written to it: what a failing program said.
type tail struct {
	mu   sync.Mutex
	text []byte // at most tailSize bytes
}

const tailSize = 1 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if cut := len(t.text) - tailSize; cut > 0 {
		word := bytes.IndexAny(t.text[cut:], " \n") + 1 // Redact would not recognise half an address
		t.text = append(t.text[:0], t.text[cut+word:]...)
	}
	return len(p), nil
}

// String returns the last lines as one.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.FieldsFunc(string(bytes.TrimSpace(t.text)), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
