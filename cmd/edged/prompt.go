package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// readHidden asks for a text on the terminal and reads it without showing it. When ctx ends, as with Ctrl-C, the terminal is as it was before.
func readHidden(ctx context.Context, in *os.File, ask io.Writer, question string) (string, error) {
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	type answer struct {
		text []byte
		err  error
	}
	answered := make(chan answer, 1)
	fmt.Fprint(ask, question)
	go func() { // a read from a terminal cannot be ended
		text, err := term.ReadPassword(fd)
		answered <- answer{text, err}
	}()
	select {
	case a := <-answered:
		fmt.Fprintln(ask)
		return string(a.text), a.err
	case <-ctx.Done():
		fmt.Fprintln(ask)
		if err := term.Restore(fd, before); err != nil {
			return "", err
		}
		return "", ctx.Err()
	}
}
