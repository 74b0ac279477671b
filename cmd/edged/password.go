package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"edged/web/login"
)

type passwordCmd struct{}

// Run asks for a password and prints its hash. From a pipe it reads one line.
func (passwordCmd) Run(ctx context.Context, out output) error {
	password, err := readPassword(ctx, os.Stdin, os.Stderr)
	if err != nil {
		return fmt.Errorf("password: %w", err)
	}
	hash, err := login.Hash(password)
	if err != nil {
		return fmt.Errorf("password: %w", err)
	}
	fmt.Fprintln(out, hash)
	return nil
}

func readPassword(ctx context.Context, in *os.File, ask io.Writer) (string, error) {
	if !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, question := range []string{"Password for the page: ", "Once more: "} {
		var err error
		if typed[i], err = readHidden(ctx, in, ask, question); err != nil {
			return "", err
		}
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two differ; nothing was printed")
	}
	return typed[0], nil
}
