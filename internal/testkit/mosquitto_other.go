//go:build !linux

package testkit

import (
	"syscall"
	"testing"
)

// The tests that need a broker run on Linux alone; elsewhere they only have to compile.

func dieWithParent() *syscall.SysProcAttr { return nil }

func FreeAddress(t testing.TB) string {
	t.Helper()
	t.Fatal("mosquitto is only started on Linux")
	return ""
}

func (b *Mosquitto) Pause() { b.t.Fatal("mosquitto is only started on Linux") }

func (b *Mosquitto) Resume() { b.t.Fatal("mosquitto is only started on Linux") }
