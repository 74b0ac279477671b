package main

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/internal/mosquittotest"
)

// The real program, in a process of its own: whatever else a test process does would count as its allocations.
func TestBenchMeasuresTheRunningProgram(t *testing.T) {
	broker := mosquittotest.Start(t)
	sub := subscribe(t, broker.URL())
	cmd := exec.CommandContext(t.Context(), os.Args[0], "bench", "--json", "--seconds", "1", "--broker", broker.URL())
	cmd.Env = append(os.Environ(), asEdged+"=1")
	cmd.Stderr = testLog{t}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var report map[string]any
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if report["delegate"] != "xnnpack" || report["nodes_delegated"] != report["nodes_total"] {
		t.Errorf("delegate %v with %v of %v nodes; want xnnpack with all", report["delegate"], report["nodes_delegated"], report["nodes_total"])
	}
	for _, key := range []string{
		"invoke_cpu_us", "cpu_per_window_us", "overhead", "squeeze_us", "memcpy_us", "decode_us", "scale_us",
		"windows_per_second", "peak_rss_bytes", "cpu_per_second", "windows", "nodes_total",
	} {
		if v, ok := report[key].(float64); !ok || !(v > 0) {
			t.Errorf("%s is %v; want more than 0", key, report[key])
		}
	}
	// It counts the whole process, whose runtime may allocate now and then; that frames and windows do not is for
	// TestNoAllocationPerFrameAndWindow to say.
	for _, key := range []string{"allocs_per_frame", "allocs_per_window"} {
		if v, ok := report[key].(float64); !ok || v > 1 {
			t.Errorf("%s is %v; want next to none", key, report[key])
		}
	}
	sub.wait(t, "edged/bench/camera/scores", has(`"monotonic_ns":`))
	sub.wait(t, "edged/bench/status", is("offline"))
}

func TestBenchRefuses(t *testing.T) {
	notVideo := write(t, "video.mjpeg", "not a video")
	for _, c := range []struct {
		name   string
		args   []string
		status int
		stderr string
	}{
		{"delegate", []string{"--delegate", "npu"}, exitUsage, "npu"},
		{"threads", []string{"--threads", "1000"}, exitUsage, "number of cores"},
		{"no time", []string{"--seconds", "0"}, exitUsage, "1 to 120"},
		{"endless", []string{"--seconds", "1e9"}, exitUsage, "1 to 120"},
		{"negative", []string{"--seconds=-1"}, exitUsage, "1 to 120"},
		{"not a number", []string{"--seconds", "nan"}, exitUsage, "1 to 120"},
		{"model", []string{"--model", notVideo}, exitConfig, notVideo},
		{"broker's address", []string{"--broker", "here"}, exitConfig, "mqtt.broker"},
		{"video", []string{"--source", notVideo}, exitFailed, notVideo},
		{"nobody at the broker's address", []string{"--seconds", "1", "--broker", "tcp://" + mosquittotest.FreeAddress(t)}, exitFailed, "not reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, stdout, stderr := edged(t, append([]string{"bench"}, c.args...)...)
			if status != c.status || !strings.Contains(stderr, c.stderr) || stdout != "" {
				t.Errorf("status %d, stdout %q, stderr %q; want status %d and %q", status, stdout, stderr, c.status, c.stderr)
			}
		})
	}
}

func TestBenchSharesSumUp(t *testing.T) {
	r := benchReport{
		Frames: 30, Windows: 10, DecodeUS: 100, ScaleUS: 20, SqueezePacedUS: 10, // 390 of each window's, being thrice
		InvokeCPUUS: 500, CPUPerWindowUS: 1000, Overhead: 2, SqueezeUS: 6, MemcpyUS: 4,
	}
	table := r.String()
	for _, want := range []string{
		"decode                        0.300 ms  30.0 %", "scale                         0.060 ms   6.0 %",
		"squeeze                       0.030 ms   3.0 %  alone 0.006 ms, 1.5 × memcpy",
		"Invoke, bare                  0.500 ms  50.0 %", "the rest                      0.110 ms  11.0 %",
		"all                           1.000 ms 100.0 %  2.00 × Invoke", "a moving pattern",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

func TestSamplesMedian(t *testing.T) {
	for _, c := range []struct {
		samples samples
		want    time.Duration
	}{{nil, 0}, {samples{3}, 3}, {samples{9, 1, 5}, 5}, {samples{8, 1, 100, 2}, 5}} {
		if got := c.samples.median(); got != c.want {
			t.Errorf("%v: %d, want %d", c.samples, got, c.want)
		}
	}
}

// As a camera's: whole pictures of the right size in bytes, and something moves in them.
func TestPatternIsAVideo(t *testing.T) {
	path, err := patternFile(2 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	decoder, err := pixel.NewDecoder(96, 96)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	var frames, size int
	var change float64
	before, now := make([]byte, 96*96*3), make([]byte, 96*96*3)
	file := capture.File{Path: path}
	err = file.Run(t.Context(), func(f *capture.Frame) capture.Finding {
		frames++
		size += len(f.Data)
		if err := decoder.Decode(now, f.Format, f.Data); err != nil {
			t.Fatalf("frame %d: %v", f.Sequence, err)
		}
		for i := range now {
			change += math.Abs(float64(now[i]) - float64(before[i]))
		}
		before, now = now, before
		return capture.Finding{}
	})
	if !errors.Is(err, io.EOF) || frames != 61 {
		t.Errorf("%d frames, error %v; want 61 and the end", frames, err)
	}
	if mean := size / frames; mean < 35_000 || mean > 65_000 {
		t.Errorf("%d bytes a frame; a camera sends about 50,000", mean)
	}
	if mean := change / float64(frames*len(now)); mean < 1 {
		t.Errorf("the pictures differ by %.2f a byte on average; want motion", mean)
	}
}
