// Package printable keeps text of others from controlling a terminal or forging what edged prints. Names in a model file, words of a
// program or a camera, and answers of another machine may hold escape sequences, line ends, and characters that change the direction of
// the text or take no room.
package printable

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Line returns the text as one line: everything that is not printable, line ends and tabs too, appears as an escape such as \n, \u001b or
// \u202e.
func Line(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || !visible(r) }) < 0 {
		return text
	}
	return string(appendPrintable(nil, text, "\n\t"))
}

// Error returns the text of an error as one line; "" if it is nil. If the error has several causes, each on a line of its own, "; "
// separates them.
func Error(err error) string {
	if err == nil {
		return ""
	}
	return Line(strings.ReplaceAll(err.Error(), "\n", "; "))
}

// Check returns an error if the text, a name for example, has a character that is not printable.
func Check(text string) error {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			return fmt.Errorf("byte %#x at %d is not UTF-8", text[i], i)
		}
		if !visible(r) {
			return fmt.Errorf("%U at byte %d cannot be printed (it is a control, invisible or unassigned character)", r, i)
		}
	}
	return nil
}

// visible reports whether a terminal shows the character, and nothing but the character.
func visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Writer passes text on to W. Line ends and tabs stay; every other character that is not printable becomes an escape. The escapes of
// characters are those of JSON, so that JSON keeps its meaning.
type Writer struct {
	W io.Writer

	begun []byte // the beginning of a character whose rest is yet to come
	text  []byte
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	all := string(append(w.begun, p...))
	end := completeUpTo(all)
	w.begun = append(w.begun[:0], all[end:]...)
	w.text = appendPrintable(w.text[:0], all[:end], "")
	if _, err := w.W.Write(w.text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// completeUpTo is where the text's last character begins if its end is missing, else the text's length.
func completeUpTo(text string) int {
	for i := max(0, len(text)-utf8.UTFMax); i < len(text); i++ {
		if utf8.RuneStart(text[i]) && !utf8.FullRuneInString(text[i:]) {
			return i
		}
	}
	return len(text)
}

// appendPrintable appends the text, with escapes for what is not printable. Line ends and tabs become escapes only if also has them.
func appendPrintable(dst []byte, text, also string) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		dst = appendRune(dst, r, text[:size], also)
		text = text[size:]
	}
	return dst
}

func appendRune(dst []byte, r rune, bytes, also string) []byte {
	switch {
	case r == utf8.RuneError && len(bytes) == 1:
		return fmt.Appendf(dst, `\x%02x`, bytes[0])
	case visible(r), (r == '\n' || r == '\t') && !strings.ContainsRune(also, r):
		return append(dst, bytes...)
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\t':
		return append(dst, `\t`...)
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}
