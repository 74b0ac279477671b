package capture

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// words keeps what a program has said last on its standard error: each line once, however often the program said it.
type words struct {
	mu      sync.Mutex
	lines   []saying // at most maxLines, the newest last
	partial []byte   // of the line that is not complete, at most maxLineBytes
	total   int      // lines that were said
	closed  bool     // what is said from now on does not count
}

// saying is a line and when the program said it last.
type saying struct {
	text string
	key  string // the same for lines that tell the same
	at   time.Time
}

const (
	maxLines     = 6
	maxLineBytes = 300
	// recent is how long after a line it may still be the reason for the program's end.
	recent = 5 * time.Second
)

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := p; len(rest) > 0 && !w.closed; {
		end := bytes.IndexAny(rest, "\n\r")
		if end < 0 {
			w.keep(rest)
			break
		}
		w.keep(rest[:end])
		w.add(time.Now())
		rest = rest[end+1:]
	}
	return len(p), nil
}

// close makes the words end here: what a program says after edged has ended it is no reason for anything.
func (w *words) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}

// keep appends to the incomplete line as far as there is room.
func (w *words) keep(p []byte) {
	w.partial = append(w.partial, p[:min(len(p), maxLineBytes-len(w.partial))]...)
}

// add puts the line that is complete now behind the others.
func (w *words) add(now time.Time) {
	text := line(w.partial)
	w.partial = w.partial[:0]
	if text == "" {
		return
	}
	w.total++
	s := saying{text: text, key: numbers.ReplaceAllString(text, "#"), at: now}
	for i, old := range w.lines {
		if old.key == s.key {
			w.lines = append(w.lines[:i], w.lines[i+1:]...)
			break
		}
	}
	if len(w.lines) == maxLines {
		w.lines = append(w.lines[:0], w.lines[1:]...)
	}
	w.lines = append(w.lines, s)
}

var (
	// numbers differ between two lines that tell the same: addresses in memory, positions, times.
	numbers = regexp.MustCompile(`0x[0-9a-fA-F]+|-?\d[\d.:]*`)
	// part is ffmpeg's name for the part of it that speaks: "[h264 @ 0x55d0c8a2b3c0] ".
	part = regexp.MustCompile(`^\[([\w,/-]+) @ 0x[0-9a-f]+\] `)
)

// line is what the program said, ready for a message. A line that was too long ends at a whole word: Redact would not recognise half
// of an address.
func line(raw []byte) string {
	if len(raw) == maxLineBytes {
		raw = raw[:max(0, bytes.LastIndexByte(raw, ' '))]
	}
	text := strings.TrimSpace(strings.ToValidUTF8(string(raw), string(utf8.RuneError)))
	return withoutAdvice(part.ReplaceAllString(text, "$1: "))
}

// said returns the lines of the last moments. Where there are none, it returns the older ones and how old the newest of them is.
func (w *words) said() (text string, age time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if len(w.partial) > 0 {
		w.add(now)
	}
	var lines []string
	for _, s := range w.lines {
		if now.Sub(s.at) < recent {
			lines = append(lines, s.text)
		}
	}
	if len(lines) > 0 || len(w.lines) == 0 {
		return strings.Join(lines, "; "), 0
	}
	for _, s := range w.lines {
		lines = append(lines, s.text)
	}
	return strings.Join(lines, "; "), now.Sub(w.lines[len(w.lines)-1].at)
}

// all returns the lines, however old they are, and how many the program said: more than these where it repeated itself.
func (w *words) all() (text string, said int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.partial) > 0 {
		w.add(time.Now())
	}
	lines := make([]string, 0, len(w.lines))
	for _, s := range w.lines {
		lines = append(lines, s.text)
	}
	return strings.Join(lines, "; "), w.total
}

// explain adds to err what the program said. Old words are not the reason for its end: they stand apart, with their age.
func (w *words) explain(err error, redact func(string) string) error {
	text, age := w.said()
	switch text = redact(text); {
	case text == "":
		return err
	case age == 0:
		return fmt.Errorf("%w: %s", err, text)
	}
	return fmt.Errorf("%w (%v before, it said: %s)", err, age.Round(time.Second), text)
}
