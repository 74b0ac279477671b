package printable

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"gate, 20 °C, 人 walks é\u0301": "gate, 20 °C, 人 walks é\u0301",
		"a\nyard  online":              `a\nyard  online`,
		"\x1b[2Jred\x1b[31m\x07\b":     `\u001b[2Jred\u001b[31m\u0007\u0008`,
		"a\tb\r":                       `a\tb\u000d`,
		"\u202eevil\u200b\ufeff":       `\u202eevil\u200b\ufeff`,
		"\uffff\u0085\u2028":           `\uffff\u0085\u2028`,
		"\U000e0041":                   `\udb40\udc41`,
		"caf\xe9\xc3":                  `caf\xe9\xc3`,
		"\ufffd":                       "\ufffd",
	} {
		if got := Line(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Error(errors.Join(errors.New("a"), errors.New("b\x1b"))); got != `a; b\u001b` || Error(nil) != "" {
		t.Errorf("got %q", got)
	}
}

func TestCheck(t *testing.T) {
	for _, good := range []string{"", "left to right", "人", "é\u0301", "\ufffd"} {
		if err := Check(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"\x00", "a\nb", "\x1b", "\x7f", "\u0085", "\u200b", "\u202e", "\u2066", "\ufeff", "\uffff", "\U000e0041", "\xff", "a\xc3", "\u3164", "\ufe0f", "\u034f"} {
		if Check(bad) == nil {
			t.Errorf("%q has no error", bad)
		}
	}
}

func TestWriterKeepsLinesAndJSON(t *testing.T) {
	text := "a\tb\n{\"label\": \"\u202ex\U000e0041\"}\x1b[0m 人\n"
	for size := 1; size <= len(text); size++ {
		var out strings.Builder
		w := Writer{W: &out}
		for i := 0; i < len(text); i += size {
			part := text[i:min(i+size, len(text))]
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		lines := strings.Split(out.String(), "\n")
		if len(lines) != 3 || lines[0] != "a\tb" || strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), "人") {
			t.Errorf("in pieces of %d: %q", size, out.String())
		}
		var object struct{ Label string }
		if err := json.Unmarshal([]byte(strings.TrimSuffix(lines[1], `\u001b[0m 人`)), &object); err != nil || object.Label != "\u202ex\U000e0041" {
			t.Errorf("in pieces of %d: %q, %v", size, object.Label, err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriterReportsErrors(t *testing.T) {
	if _, err := (&Writer{W: broken{}}).Write([]byte("a")); err == nil {
		t.Error("no error")
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\nb\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		line := Line(text)
		if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !visible(r) }) {
			t.Errorf("%q: %q", text, line)
		}
	})
}
