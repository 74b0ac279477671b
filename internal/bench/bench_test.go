package bench

import (
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"edged/capture"
	"edged/capture/pixel"
	"edged/internal/testkit"
)

func TestBenchSharesSumUp(t *testing.T) {
	r := Report{
		Frames: 30, Windows: 10, DecodeUS: 100, ScaleUS: 20, SqueezePacedUS: 10, // 390 of each window's, being thrice
		VideoFrames: 60, ReadUS: 1, WakeUS: 2, DecideUS: 3, PublishUS: 29, InvokePacedUS: 510, // 60
		InvokeCPUUS: 500, CPUPerWindowUS: 1000, Overhead: 2, SqueezeUS: 6, MemcpyUS: 4,
	}
	table := r.String()
	for _, want := range []string{
		"decode                        0.300 ms  30.0 %", "scale                         0.060 ms   6.0 %",
		"squeeze                       0.030 ms   3.0 %  alone 0.006 ms, 1.5 × memcpy",
		"Invoke, bare                  0.500 ms  50.0 %", "Invoke, colder caches         0.010 ms   1.0 %", "reading and splitting         0.006 ms   0.6 %",
		"wake-ups                      0.012 ms   1.2 %", "deciding                      0.003 ms   0.3 %",
		"encoding and publishing       0.029 ms   2.9 %", "the rest                      0.050 ms   5.0 %",
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
	testkit.Slow(t)
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
