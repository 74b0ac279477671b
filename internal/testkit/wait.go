package testkit

import (
	"testing"
	"time"
)

// Eventually is how long WaitFor waits. It is long, because a test that passes never takes it.
const Eventually = time.Minute

// WaitFor waits until the condition holds. After Eventually the test fails and says what did not happen.
func WaitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Eventually); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", Eventually, what)
		}
	}
}
