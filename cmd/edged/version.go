package main

import (
	"fmt"
	"runtime"

	"github.com/mattn/go-tflite"
)

type versionCmd struct{}

// Run prints the versions that a bug report needs.
func (versionCmd) Run(out output) error {
	_, err := fmt.Fprintf(out, "edged %s (commit %s of %s, %s/%s, %s, TFLite %s)\n", version, commit, date, runtime.GOOS, runtime.GOARCH, runtime.Version(), tflite.Version())
	return err
}
