package main

import (
	"os"

	"edged/infer/trial"
)

type tryModelCmd struct{}

// Run is the child process that tries a new model. See package trial.
func (tryModelCmd) Run() error {
	surviveBrokenPipes()
	os.Exit(trial.Child(os.Stdin, os.Stdout))
	return nil
}
