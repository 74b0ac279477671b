//go:build !linux

package clock

import "time"

var started = time.Now()

// Monotonic returns the time since the program started. It exists so that packages of edged compile off Linux, where there
// is no camera whose timestamps it would have to match.
func Monotonic() time.Duration { return time.Since(started) }

// Suspended returns 0: off Linux it is not known.
func Suspended() time.Duration { return 0 }
