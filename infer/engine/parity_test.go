package engine

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"edged/models"
)

// The same frames of real footage, squeezed here and by NumPy, run here and by ai-edge-litert: the input tensor's bytes
// must be the same, and the output's but for rounding. The two are built from other commits of XNNPACK, and one tie that
// is rounded otherwise in an early layer moves a logit by some steps of int8: in 2 of these 156 windows, by 3 at most.
func TestSameBytesAsPython(t *testing.T) {
	cache := os.Getenv("EDGED_CACHE")
	footage := filepath.Join(cache, "footage", "vtest.avi")
	python := filepath.Join(cache, "venv-test", "bin", "python")
	for _, path := range []string{footage, python} {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%v: run make deps, and the tests by make test or with eval \"$(make -s env)\"", err)
		}
	}
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	model, frames, out := filepath.Join(dir, "m.tflite"), filepath.Join(dir, "frames"), filepath.Join(dir, "out")
	if err := os.WriteFile(model, m.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	f := m.Manifest
	command(t, "ffmpeg", "-v", "error", "-i", footage, "-vf",
		fmt.Sprintf("crop=288:288:240:160,scale=%d:%d,fps=%g", f.Width, f.Height, f.FrameRate), "-f", "rawvideo", "-pix_fmt", "rgb24", frames)
	const stride = 4
	command(t, python, "testdata/parity.py", model, frames, out,
		fmt.Sprint(f.Frames), fmt.Sprint(f.Height), fmt.Sprint(f.Width), fmt.Sprint(stride))

	clip, err := os.ReadFile(frames)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	window, err := e.NewClip()
	if err != nil {
		t.Fatal(err)
	}
	const rareWindows, fewSteps = 4, 4
	windows, rounded := 0, 0
	for n := 1; len(clip) >= f.FrameBytes(); n++ {
		window.Push(clip[:f.FrameBytes()])
		clip = clip[f.FrameBytes():]
		if n < f.Frames || (n-f.Frames)%stride != 0 {
			continue
		}
		if err := window.Invoke(); err != nil {
			t.Fatal(err)
		}
		input, output := want[:len(e.input)], want[len(e.input):len(e.input)+len(e.output.raw)]
		want = want[len(e.input)+len(e.output.raw):]
		if !bytes.Equal(e.input, input) {
			t.Fatalf("window %d: the input tensor differs from NumPy's", windows)
		}
		if steps := apart(e.output.raw, output); steps > fewSteps {
			t.Fatalf("window %d: output %v, Python's %v: %d steps apart", windows, e.output.raw, output, steps)
		} else if steps > 0 {
			rounded++
		}
		windows++
	}
	if rounded > rareWindows {
		t.Errorf("%d of %d windows differ from Python's, want %d at most", rounded, windows, rareWindows)
	}
	if windows < 100 || len(want) != 0 {
		t.Fatalf("compared %d windows, %d bytes of Python's left over; want at least 100 and 0", windows, len(want))
	}
}

// apart returns the greatest distance between two outputs of int8, in steps.
func apart(a, b []byte) (steps int) {
	for i := range a {
		d := int(int8(a[i])) - int(int8(b[i]))
		steps = max(steps, d, -d)
	}
	return steps
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if b, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, b)
	}
}
