package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"edged/internal/testkit"
)

// The real program runs in a process of its own: the allocations of a test process would count.
func TestBenchMeasuresTheRunningProgram(t *testing.T) {
	testkit.Slow(t)
	broker := testkit.StartMosquitto(t)
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
	// These count the whole process, whose runtime may allocate now and then. TestNoAllocationPerFrameAndWindow checks that frames and
	// windows allocate nothing.
	for _, key := range []string{"allocs_per_frame", "allocs_per_window"} {
		if v, ok := report[key].(float64); !ok || v > 1 {
			t.Errorf("%s is %v; want next to none", key, report[key])
		}
	}
	sub.wait(t, "edged/bench/camera/scores", has(`"monotonic_ns":`))
	sub.wait(t, "edged/bench/status", is("offline"))
}

func TestBenchRefuses(t *testing.T) {
	testkit.Slow(t)
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
		{"nobody at the broker's address", []string{"--seconds", "1", "--broker", "tcp://" + testkit.FreeAddress(t)}, exitFailed, "not reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, stdout, stderr := edged(t, append([]string{"bench"}, c.args...)...)
			if status != c.status || !strings.Contains(stderr, c.stderr) || stdout != "" {
				t.Errorf("status %d, stdout %q, stderr %q; want status %d and %q", status, stdout, stderr, c.status, c.stderr)
			}
		})
	}
}

// bench says why a video gives it nothing to measure, and does not wait for ever.
func TestBenchOfAVideoWithoutAWindow(t *testing.T) {
	testkit.Slow(t)
	for path, want := range map[string]string{
		film(t, "short.avi", "-f", "lavfi", "-i", testPattern+"0.5", "-c:v", "mpeg4"): "too short",
		film(t, "still.png", "-f", "lavfi", "-i", testPattern+"1", "-frames:v", "1"):  "a still picture",
	} {
		if status, stdout, stderr := edged(t, "bench", "--seconds", "1", "--source", path); status != exitFailed || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, stdout %q, stderr %s", path, status, stdout, stderr)
		}
	}
}
