// Package plaintext reads the texts that people write in all kinds of editors: with a byte order mark, in UTF-16, with line
// ends of other systems, and with characters that look like blanks and are none.
package plaintext

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Clean returns the text without a byte order mark, with LF as its only line end, and in UTF-8 if it was UTF-16 with a mark.
// It does not change other bytes, which need not be UTF-8.
func Clean(text []byte) []byte {
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		text = fromUTF16(text[2:], binary.LittleEndian)
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		text = fromUTF16(text[2:], binary.BigEndian)
	default:
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
}

func fromUTF16(text []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, 0, len(text)/2)
	for ; len(text) >= 2; text = text[2:] {
		units = append(units, order.Uint16(text))
	}
	return []byte(string(utf16.Decode(units)))
}

// ErrEmpty is Value's error for a text without a value.
var ErrEmpty = errors.New("it is empty")

// Value returns the value that a text such as a password file consists of: a single line. Its end is not part of the value. No
// error repeats the value, which may be a secret.
func Value(text []byte) (string, error) {
	value := strings.Trim(string(Clean(text)), "\n")
	switch {
	case value == "":
		return "", ErrEmpty
	case strings.Contains(value, "\n"):
		return "", fmt.Errorf("it has %d lines and must have one", strings.Count(value, "\n")+1)
	}
	return value, CheckEnds(value)
}

// CheckEnds returns an error if the value begins or ends with a character that nobody sees. Such a character came along when
// the value was copied from a page or a document.
func CheckEnds(value string) error {
	if r, rest := []rune(value), strings.TrimLeftFunc(value, invisible); len(rest) < len(value) {
		return fmt.Errorf("it begins with %s, which nobody sees; remove it", Name(r[0]))
	}
	if r, rest := []rune(value), strings.TrimRightFunc(value, invisible); len(rest) < len(value) {
		return fmt.Errorf("it ends with %s, which nobody sees; remove it", Name(r[len(r)-1]))
	}
	return nil
}

// Find returns the name of the first character of the text that nobody sees, apart from plain blanks and tabs, or "".
func Find(text string) string {
	for _, r := range text {
		if invisible(r) {
			return Name(r)
		}
	}
	return ""
}

// FindLine is Find for a text of many lines: it also says in which line.
func FindLine(text []byte) string {
	for i, line := range strings.Split(string(text), "\n") {
		if name := Find(line); name != "" {
			return fmt.Sprintf("line %d has %s in it", i+1, name)
		}
	}
	return ""
}

// invisible reports whether nobody sees the character and it is no plain blank: spaces of other widths, zero-width and
// direction marks, control characters.
func invisible(r rune) bool {
	return r != ' ' && r != '\t' && r != unicode.ReplacementChar &&
		(unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r))
}

var names = map[rune]string{
	'\u00a0': "a no-break space", '\u202f': "a narrow no-break space", '\u2007': "a figure space", '\u3000': "an ideographic space",
	'\u200b': "a zero-width space", '\u200c': "a zero-width non-joiner", '\u200d': "a zero-width joiner",
	'\u200e': "a left-to-right mark", '\u200f': "a right-to-left mark", '\u00ad': "a soft hyphen",
	'\u2060': "a word joiner", '\ufeff': "a byte order mark",
}

// Name returns the character's name and number, such as "a no-break space (U+00A0)".
func Name(r rune) string {
	name := names[r]
	if name == "" {
		name = "an invisible character"
	}
	return fmt.Sprintf("%s (%U)", name, r)
}
