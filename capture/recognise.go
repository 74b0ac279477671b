package capture

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"edged/capture/internal/y4m"
)

// container is what a stream of pictures looks like.
type container int

const (
	unknownContainer container = iota
	jpegContainer              // JPEGs one after the other, with or without the headers of multipart between them
	y4mContainer
	matroskaContainer
)

var (
	jpegStart     = []byte{0xff, 0xd8, 0xff}
	y4mStart      = []byte(y4m.Magic)
	matroskaStart = []byte{0x1a, 0x45, 0xdf, 0xa3}
)

// maxForeword bounds the text before the first picture, in bytes.
const maxForeword = 16 << 10

// recognise finds the first picture of a stream and says what it is in. It skips text before that: headers of HTTP and multipart, and
// what a program prints when it starts. Without a picture it returns the text, or the first bytes where they are no text. r must have
// room for maxForeword.
func recognise(r *bufio.Reader) (found container, head []byte, err error) {
	for need := 1; ; need = len(head) + 1 {
		_, err = r.Peek(need)
		head, _ = r.Peek(min(r.Buffered(), maxForeword))
		found, at := firstPicture(head)
		switch {
		case found != unknownContainer:
			_, _ = r.Discard(at)
			return found, nil, nil
		case err != nil, len(head) == maxForeword, !mayBeText(head) && !mayBeStart(head):
			return unknownContainer, head, err
		}
	}
}

// firstPicture says where in data the pictures begin, if nothing but text comes before them.
func firstPicture(data []byte) (found container, at int) {
	if at := bytes.Index(data, jpegStart); at >= 0 && mayBeText(data[:at]) {
		return jpegContainer, at
	}
	for start, found := range map[string]container{string(y4mStart): y4mContainer, string(matroskaStart): matroskaContainer} {
		at := bytes.Index(data, []byte(start))
		if at == 0 || at > 0 && data[at-1] == '\n' && mayBeText(data[:at]) {
			return found, at
		}
	}
	return unknownContainer, 0
}

// mayBeStart reports whether the data, which are few, may go on as one of the containers does.
func mayBeStart(data []byte) bool {
	for _, start := range [][]byte{jpegStart, y4mStart, matroskaStart} {
		for n := 1; n < len(start); n++ {
			if before, ok := bytes.CutSuffix(data, start[:n]); ok && mayBeText(before) {
				return true
			}
		}
	}
	return false
}

// mayBeText reports whether the data are text, which may end in the middle of a character.
func mayBeText(data []byte) bool {
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			return !utf8.FullRune(data)
		}
		if r < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1b", r) || r == 0x7f {
			return false
		}
		data = data[n:]
	}
	return true
}

// formats are what people send by mistake, by how they begin.
var formats = []struct{ start, name string }{
	{"\x00\x00\x00\x01", "raw H.264 or H.265"}, {"\x00\x00\x01", "raw MPEG video"}, {"FLV", "FLV"}, {"RIFF", "AVI or WAV"},
	{"\x89PNG", "PNG"}, {"GIF8", "a GIF"}, {"OggS", "Ogg"}, {"G@", "MPEG-TS"}, {"\x1f\x8b", "gzip"},
}

// describe says in words what a stream begins with.
func describe(head []byte) string {
	if len(head) > 0 && mayBeText(head) {
		return fmt.Sprintf("with the text %q", firstWords(head))
	}
	for _, f := range formats {
		if bytes.HasPrefix(head, []byte(f.start)) {
			return fmt.Sprintf("like %s", f.name)
		}
	}
	if len(head) >= 8 && string(head[4:8]) == "ftyp" {
		return "like MP4"
	}
	return fmt.Sprintf("with the bytes % x", head[:min(len(head), 10)])
}

// firstWords are the first lines of a text that say something.
func firstWords(text []byte) string {
	const most = 120
	words := strings.Join(strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if len(words) <= most {
		return words
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(words[cut]) {
		cut--
	}
	return words[:cut] + "…"
}
