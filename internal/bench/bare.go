package bench

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"edged/infer"
	"edged/infer/engine"
	"edged/internal/clock"
	"edged/models"
)

type samples []time.Duration

// median returns 0 where there are none.
func (s samples) median() time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// The bare Invoke runs at least bareRuns times, and then until bareTime has passed or it ran bareEnough times.
const (
	bareWarmUps = 3
	bareRuns    = 10
	bareEnough  = 50
	bareTime    = 2 * time.Second
)

// bareInvoke returns the median CPU time of one run of the model alone, over all threads, on what its input tensor holds.
func bareInvoke(e *engine.Engine) (time.Duration, error) {
	var times samples
	began := clock.Monotonic()
	for run := -bareWarmUps; run < bareRuns || run < bareEnough && clock.Monotonic()-began < bareTime; run++ {
		before := processCPU()
		err := e.InvokeTimes(1)
		// The end of watch may still be cancelling a run.
		if err != nil && !errors.Is(err, engine.ErrCancelled) {
			return 0, err
		}
		if took := processCPU() - before; run >= 0 && err == nil {
			times = append(times, took)
		}
	}
	return times.median(), nil
}

// repeated returns the median time of f with warm caches.
func repeated(f func()) time.Duration {
	times := make(samples, 200)
	for i := range times {
		before := clock.Monotonic()
		f()
		times[i] = clock.Monotonic() - before
	}
	return times.median()
}

// bareSqueeze measures how long a frame takes into the input tensor, and for comparison a copy of as many bytes as the tensor has.
func bareSqueeze(clip infer.Clip, manifest *models.Manifest) (squeeze, memcpy time.Duration) {
	frame := make([]byte, manifest.FrameBytes())
	squeeze = repeated(func() { clip.Push(frame) })
	from, to := make([]byte, manifest.WindowBytes()), make([]byte, manifest.WindowBytes())
	return squeeze, repeated(func() { copy(to, from) })
}

// processCPU is the CPU time of all threads of the process.
func processCPU() time.Duration { return clockTime(unix.CLOCK_PROCESS_CPUTIME_ID) }

func clockTime(id int32) time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(id, &t) // fails only for an unknown clock
	return time.Duration(t.Nano())
}

// allocations is the number of allocations on Go's heap so far.
func allocations() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// forgetPeakRSS makes VmHWM count from now on. Not every kernel can do that.
func forgetPeakRSS() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }
