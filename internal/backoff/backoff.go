// Package backoff works out how long to wait before the next attempt at something that keeps failing.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Backoff doubles the wait from Min to Max. Each wait is random, in the upper half of that time, so that many nodes do not all return to a
// restarted broker at the same instant. Min and Max must be set.
type Backoff struct {
	Min, Max time.Duration
	// Healthy is how long an attempt must have lived to count as a success. After a success the next wait starts at Min again.
	Healthy time.Duration

	next time.Duration
}

// Reset makes the next wait start at Min again.
func (b *Backoff) Reset() { b.next = 0 }

// After returns the wait after an attempt that lived so long (0 if it failed at once), and prepares the next one.
func (b *Backoff) After(lived time.Duration) time.Duration {
	if b.next == 0 || lived >= b.Healthy {
		b.next = b.Min
	}
	wait := b.next
	b.next = min(2*b.next, b.Max)
	return wait/2 + rand.N(wait/2+1)
}
