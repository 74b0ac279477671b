package main

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"edged/capture"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/clock"
	"edged/models"
)

// meter looks on while a watcher works, from the first window on. Half of it belongs to the capture goroutine (frame),
// half to the pipeline's (window).
type meter struct {
	w        *watcher
	pipeline *infer.Pipeline
	length   time.Duration // to measure
	enough   func()

	decode, scale   samples // of each decoded frame
	squeeze, invoke samples // of each window; squeeze per frame
	begin, end      reading

	seenDecode, seenScale   time.Duration
	seenSqueeze, seenInvoke time.Duration
	seenFrames              uint64
}

// reading is the state of the process's and the pipeline's counters.
type reading struct {
	at, cpu                           time.Duration
	frames, windows, dropped, skipped uint64
	gaps                              uint64
}

// attach puts the meter between camera, watcher and what takes the windows. enough is called at the end of the
// measurement, failed when the video cannot be played.
func (m *meter) attach(camera *capture.Camera, enough func(), failed func(error)) {
	m.enough = enough
	m.w.decoder.Timing(true)
	camera.Sink = m.frame
	onStatus := camera.OnStatus
	camera.OnStatus = func(online bool, reason error) {
		onStatus(online, reason)
		if !online {
			failed(reason)
		}
	}
	onWindow := m.pipeline.OnWindow
	m.pipeline.OnWindow = func(win *infer.Window) {
		onWindow(win)
		m.window()
	}
}

func (m *meter) frame(f *capture.Frame) capture.Finding {
	found := m.w.frame(f)
	decode, scale := m.w.decoder.Times()
	if decode == m.seenDecode {
		return found // off the grid
	}
	m.decode = append(m.decode, decode-m.seenDecode)
	m.scale = append(m.scale, scale-m.seenScale)
	m.seenDecode, m.seenScale = decode, scale
	return found
}

func (m *meter) window() {
	stats := &m.pipeline.Stats
	squeeze, invoke, frames := stats.Squeeze(), stats.Invoke(), stats.Frames.Load()
	if m.begin.at == 0 {
		m.begin = m.read()
	} else if frames > m.seenFrames {
		m.squeeze = append(m.squeeze, (squeeze-m.seenSqueeze)/time.Duration(frames-m.seenFrames))
		m.invoke = append(m.invoke, invoke-m.seenInvoke)
	}
	m.seenSqueeze, m.seenInvoke, m.seenFrames = squeeze, invoke, frames
	if m.end.at == 0 && clock.Monotonic()-m.begin.at >= m.length && len(m.invoke) > 0 {
		m.end = m.read()
		m.enough()
	}
}

func (m *meter) read() reading {
	stats := &m.pipeline.Stats
	return reading{
		at:      clock.Monotonic(),
		cpu:     processCPU(),
		frames:  stats.Frames.Load(),
		windows: stats.Windows.Load(),
		dropped: m.w.ring.Dropped() + stats.Lost.Load() + m.w.corrupt.Load(),
		skipped: stats.Skipped.Load(),
		gaps:    stats.Gaps.Load(),
	}
}

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

// The bare Invoke is run at least so often, and then until that much time has passed or it was often enough.
const (
	bareWarmUps = 3
	bareRuns    = 10
	bareEnough  = 50
	bareTime    = 2 * time.Second
)

// bareInvoke returns the median CPU time of the model alone, all threads, on what its input tensor holds.
func bareInvoke(e *engine.Engine) (time.Duration, error) {
	var times samples
	began := clock.Monotonic()
	for run := -bareWarmUps; run < bareRuns || run < bareEnough && clock.Monotonic()-began < bareTime; run++ {
		before := processCPU()
		err := e.InvokeTimes(1)
		// The end of watch may still be cancelling.
		if err != nil && !errors.Is(err, engine.ErrCancelled) {
			return 0, err
		}
		if took := processCPU() - before; run >= 0 && err == nil {
			times = append(times, took)
		}
	}
	return times.median(), nil
}

// repeated returns the median time of f, run over and over: with warm caches.
func repeated(f func()) time.Duration {
	times := make(samples, 200)
	for i := range times {
		before := clock.Monotonic()
		f()
		times[i] = clock.Monotonic() - before
	}
	return times.median()
}

// bareSqueeze times a frame's way into the input tensor, and for comparison a copy of as many bytes as the tensor has.
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
	_ = unix.ClockGettime(id, &t) // fails for an unknown clock only
	return time.Duration(t.Nano())
}

// allocations is how often the process has allocated on Go's heap.
func allocations() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// forgetPeakRSS makes VmHWM count from now. Not every kernel can.
func forgetPeakRSS() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }
