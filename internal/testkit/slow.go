// Package testkit holds what the tests of several packages share.
package testkit

import "testing"

// Slow marks a test that waits for real time or computes for more than a second. `make check` (go test -short) leaves
// such tests out and says how many they are. `make test` runs all of them.
func Slow(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: make test runs it")
	}
}
