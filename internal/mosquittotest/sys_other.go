//go:build !linux

package mosquittotest

import (
	"syscall"
	"testing"
)

// The tests that need a broker run on Linux alone; elsewhere they only have to compile.

func dieWithParent() *syscall.SysProcAttr { return nil }

func FreeAddress(t testing.TB) string {
	t.Helper()
	t.Fatal("mosquittotest: needs Linux")
	return ""
}

func (b *Broker) Pause() { b.t.Fatal("mosquittotest: needs Linux") }

func (b *Broker) Resume() { b.t.Fatal("mosquittotest: needs Linux") }
