package main

import (
	"os"
	"os/signal"
	"syscall"
)

// surviveBrokenPipes keeps the process alive when nobody reads its standard output or standard error any more: only the write fails.
// Otherwise Go would end the process by SIGPIPE, even if its parent ignores that signal, and systemd would consider that a normal end.
//
// The signal is caught, not ignored: the programs that edged starts, such as pipelines of a camera command, get it as usual.
func surviveBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
