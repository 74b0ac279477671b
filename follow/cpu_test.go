package follow

import (
	"time"

	"golang.org/x/sys/unix"
)

// CPUTime is what the process has used so far. It is for the benchmarks.
func CPUTime() time.Duration { return cpuTime() }

func cpuTime() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
