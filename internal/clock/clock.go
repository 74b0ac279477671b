// Package clock converts the pipeline's times, each a time.Duration on CLOCK_MONOTONIC, to wall time.
//
// The clock of a board without a battery starts in the past and jumps when NTP answers. So all times in the pipeline are monotonic. Wall
// time is worked out only for a payload, at the moment it leaves.
package clock

import "time"

// Instant is one moment read on both clocks.
type Instant struct {
	Wall      time.Time
	Monotonic time.Duration
}

// Now reads both clocks.
func Now() Instant {
	return Instant{Wall: time.Now(), Monotonic: Monotonic()}
}

// At returns the wall time of the monotonic time t, if the wall clock is right at this instant.
func (i Instant) At(t time.Duration) time.Time {
	return i.Wall.Add(t - i.Monotonic)
}
