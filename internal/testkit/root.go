package testkit

import (
	"os"
	"testing"
)

// Root marks what only root can test. Others see that it is left out; a CI that does not run as root fails.
func Root(t testing.TB) {
	t.Helper()
	switch {
	case os.Getuid() == 0:
	case os.Getenv("CI") != "":
		t.Fatal("only root can test this: run the tests as root")
	default:
		t.Skip("only root can test this")
	}
}
