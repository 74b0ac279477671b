package config

import (
	"strings"
	"unicode/utf8"
)

// A path in the file may hold bytes that are not UTF-8, for which YAML has no words. While the file is parsed, each such byte
// stands as a character of a private range. Files that are UTF-8, which may use that range themselves, stay as they are.
const firstByteRune = 0x10f700

// protect puts characters in the place of the bytes that are not UTF-8.
func protect(data []byte) []byte {
	if utf8.Valid(data) {
		return data
	}
	out := make([]byte, 0, len(data)+64)
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			r = firstByteRune + rune(data[0])
		}
		out, data = utf8.AppendRune(out, r), data[n:]
	}
	return out
}

// restore undoes protect in a text of the file.
func (d *decoder) restore(s string) string {
	if !d.protected {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r >= firstByteRune && r <= firstByteRune+0xff {
			b.WriteByte(byte(r - firstByteRune))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
