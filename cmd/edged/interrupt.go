package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// How long a command may take to end after a signal. The daemon and the broker first hand over what they hold; systemd kills the
// daemon after 15 s (TimeoutStopSec).
const (
	daemonEndsWithin = 12 * time.Second
	endsWithin       = 2 * time.Second
)

// endAfterSignal ends the process some time after a signal has ended ctx, unless it has ended by itself. A command may wait for something
// that never comes: a reader of its output, or a disk that no longer answers.
func endAfterSignal(ctx context.Context, args []string, stderr io.Writer) {
	within := endsWithin
	if len(args) > 0 && slices.Contains([]string{"run", "app", "broker"}, args[0]) {
		within = daemonEndsWithin
	}
	context.AfterFunc(ctx, func() {
		time.AfterFunc(within, func() {
			fmt.Fprintf(stderr, "edged: interrupted, and not done %v later: ends now\n", within)
			os.Exit(exitFailed)
		})
	})
}
