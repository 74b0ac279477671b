package main

import (
	"fmt"
	"io"
	"strings"

	"edged/internal/printable"
)

// sheet is text for people, built line by line. Whatever the arguments of a line contain, it stays one line.
type sheet struct{ text strings.Builder }

func (s *sheet) line(format string, args ...any) {
	s.text.WriteString(printable.Line(fmt.Sprintf(format, args...)))
	s.text.WriteByte('\n')
}

func (s *sheet) print(w io.Writer) error {
	_, err := io.WriteString(w, s.text.String())
	return err
}
