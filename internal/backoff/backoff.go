// Package backoff says how long to wait before the next try of something that keeps failing.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Backoff doubles the wait from Min to Max and draws each wait from the upper half of that time, so that many nodes whose
// broker restarts do not come back in the same instant. The zero value is not usable: Min and Max must be set.
type Backoff struct {
	Min, Max time.Duration
	// Healthy is how long a try must have lived to count as a success: the next wait starts at Min again.
	Healthy time.Duration

	next time.Duration
}

// Reset makes the next wait start at Min again.
func (b *Backoff) Reset() { b.next = 0 }

// After returns the wait that follows a try which lived for the given time (0 if it never came up).
func (b *Backoff) After(lived time.Duration) time.Duration {
	if b.next == 0 || lived >= b.Healthy {
		b.next = b.Min
	}
	wait := b.next
	b.next = min(2*b.next, b.Max)
	return wait/2 + rand.N(wait/2+1)
}
