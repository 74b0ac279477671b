package plaintext

import (
	"errors"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"a\nb\n":                            "a\nb\n",
		"\ufeffa\r\nb\r\n":                  "a\nb\n",
		"a\rb":                              "a\nb",
		"\xff\xfea\x00\r\x00\n\x00\xe9\x00": "a\né",
		"\xfe\xff\x00a\x00\n":               "a\n",
		"\xff\xfe=\xd8\x00\xde":             "😀",
		"\xff\xfea":                         "",
		"caf\xe9 \xa0":                      "caf\xe9 \xa0", // Latin-1: a path may be
		"a\ufeffb\u00a0c":                   "a\ufeffb\u00a0c",
		"":                                  "",
	} {
		if got := string(Clean([]byte(text))); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	for text, want := range map[string]string{
		"secret": "secret", "secret\n": "secret", "secret\r\n\r\n": "secret", "\ufeffsecret\r\n": "secret",
		"\xff\xfes\x00e\x00\r\x00\n\x00": "se", "\u0020with blanks\u0020": " with blanks ", "in\u00a0side": "in\u00a0side",
	} {
		if got, err := Value([]byte(text)); got != want || err != nil {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"one\ntwo\n":     "2 lines",
		"secret\u00a0\n": "ends with a no-break space (U+00A0)",
		"\u200bsecret":   "begins with a zero-width space (U+200B)",
		"secret\x01":     "ends with an invisible character (U+0001)",
	} {
		_, err := Value([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v, want %q and not the value", text, err, want)
		}
	}
	for _, text := range []string{"", "\n", "\r\n", "\ufeff", "\ufeff\n"} {
		if _, err := Value([]byte(text)); !errors.Is(err, ErrEmpty) {
			t.Errorf("%q: %v, want that it is empty", text, err)
		}
	}
}

func TestFindLine(t *testing.T) {
	for text, want := range map[string]string{
		"a\tb c\nd\n": "", "naïve 日本 😀\n": "",
		"a\nb\u00a0c\n":    "line 2 has a no-break space (U+00A0) in it",
		"x\u202ey":         "line 1 has an invisible character (U+202E) in it",
		"\ufeffa":          "line 1 has a byte order mark (U+FEFF) in it",
		"broken \xff here": "",
	} {
		if got := FindLine([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
