package testkit

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// dieWithParent has the kernel kill the broker when the test's process ends.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// FreeAddress returns a loopback address on which nobody listens. A bound socket keeps the port until the test ends: the kernel
// gives it to nobody else, but a program that asks for this port can listen on it.
func FreeAddress(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	err = errors.Join(
		syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1),
		syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	if err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
}

// Pause stops the broker's process without ending it: its port accepts connections, but nobody answers.
func (b *Mosquitto) Pause() { b.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (b *Mosquitto) Resume() { b.signal(syscall.SIGCONT) }
