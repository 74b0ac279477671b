package main

import (
	"os"
	"runtime"
)

// oneProcessor lets Go code run on one thread at a time, unless GOMAXPROCS is set. Nearly all of edged's work is in C
// (decoding, squeezing, the model), which needs no Go processor and goes on in parallel as before. Idle processors
// cost: as long as one of two is held by a call into C, the runtime's monitor wakes up every 70 µs to look at it, and
// every wake-up of a goroutine sends another thread looking for work. Side by side, a second processor took 10 to 30
// more wake-ups for each window in most runs, and up to 0.6 ms of CPU.
func oneProcessor() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
}
