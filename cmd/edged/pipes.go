package main

import (
	"os"
	"os/signal"
	"syscall"
)

// surviveBrokenPipes keeps the process alive when nobody reads its standard output or standard error any more: a write then fails, and
// nothing else happens. Go would end the process by SIGPIPE, even where whoever started it has ignored that signal, and systemd takes
// such an end for a wanted one.
//
// The signal is caught, not ignored: the programs that edged starts, such as pipelines of a camera command, get it as usual.
func surviveBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
