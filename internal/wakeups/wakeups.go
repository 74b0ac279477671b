// Package wakeups keeps the Go runtime from waking up threads for nothing. Importing it has an effect of its own: see slack.c.
//
// Nearly all of edged's work is in C: decoding, squeezing, the model. A thread in C needs no Go processor. But the runtime's
// monitor wakes up with every call into C to look at it, again and again every 20 µs, and each processor that is idle
// meanwhile sends another thread looking for work. For a small model this cost a tenth of all CPU time.
package wakeups

import (
	"os"
	"runtime"
)

// processors is how many threads may run Go code at the same time: while a call into C holds one processor, until the
// monitor notices, the other can take the next camera's frame.
const processors = 2

// Reduce sets the number of Go processors, unless GOMAXPROCS is set.
func Reduce() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(min(processors, runtime.NumCPU()))
	}
}
