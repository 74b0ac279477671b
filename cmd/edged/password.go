package main

import (
	"bufio"
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
func (passwordCmd) Run(out output) error {
	password, err := readPassword(os.Stdin, os.Stderr)
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

func readPassword(in *os.File, ask io.Writer) (string, error) {
	fd := int(in.Fd())
	if !term.IsTerminal(fd) {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, question := range []string{"Password for the page: ", "Once more: "} {
		fmt.Fprint(ask, question)
		b, err := term.ReadPassword(fd)
		fmt.Fprintln(ask)
		if err != nil {
			return "", err
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two differ; nothing was printed")
	}
	return typed[0], nil
}
