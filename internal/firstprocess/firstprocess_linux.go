// Package firstprocess does what the first process of a container owes to the others, and leaves the work to a child: it passes signals on,
// and it takes the exit statuses of processes whose parents have ended. Otherwise each of these would stay as a zombie, and a camera's
// command that is started again and again would fill the table of processes.
//
// A child does the work because Go programs wait for their own children by number: to wait for everybody's in the same process would
// take statuses away from them.
package firstprocess

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Is reports whether this process is the first one of its container.
func Is() bool { return os.Getpid() == 1 }

// Run starts the program with these arguments, of which the first one is its name, and returns its exit status: 128 and the signal's number
// if a signal has ended it.
func Run(program string, arguments []string) (status int, err error) {
	asked, children := make(chan os.Signal, 16), make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2)
	signal.Notify(children, syscall.SIGCHLD)
	defer signal.Stop(asked)
	defer signal.Stop(children)
	child, err := syscall.ForkExec(program, arguments, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: ownGroup(),
	})
	if err != nil {
		return 0, fmt.Errorf("cannot start %s: %w", program, err)
	}
	for {
		select {
		case s := <-asked:
			_ = syscall.Kill(child, s.(syscall.Signal)) // it may have ended by now
		case <-children:
			if status, ended := reap(child); ended {
				return status, nil
			}
		}
	}
}

// ownGroup lets the child have a group of its own, in the foreground of the terminal if there is one: otherwise Ctrl-C would reach it
// twice, from the terminal and from here.
func ownGroup() *syscall.SysProcAttr {
	_, err := unix.IoctlGetInt(0, unix.TIOCGPGRP)
	return &syscall.SysProcAttr{Setpgid: true, Foreground: err == nil, Ctty: 0}
}

// reap takes the status of every process that has ended. ended is true if the child is among them.
func reap(child int) (status int, ended bool) {
	for {
		var w syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &w, syscall.WNOHANG, nil)
		switch {
		case err == syscall.EINTR: //nolint:errorlint // the kernel's own number
		case err != nil || pid <= 0:
			return status, ended
		case pid != child:
		case w.Signaled():
			status, ended = 128+int(w.Signal()), true
		case w.Exited():
			status, ended = w.ExitStatus(), true
		}
	}
}
