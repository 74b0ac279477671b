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

// Reduce sets the number of Go processors for that many cameras and engines, unless GOMAXPROCS is set. With one camera its
// frames and its windows take turns on one processor: a second one costs a switch of threads for each window. With several,
// a frame of one camera need not wait while an engine's call into C holds a processor, until the monitor notices.
func Reduce(cameras, engines int) {
	processors := 1
	if cameras > 1 {
		processors = engines + 1
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(min(processors, runtime.NumCPU()))
	}
}
