package engine

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"edged/internal/testkit"
	"edged/models"
)

// The same frames of real footage, squeezed here and by the workshop in models/, run here and by ai-edge-litert. The input
// tensor's bytes must be the same, and on TFLite's own kernels those of the logits and of the embedding, too. XNNPACK is built
// from another commit there than here: it may round a tie otherwise in an early layer, which moves the outputs by some steps.
func TestSameBytesAsPython(t *testing.T) {
	testkit.Slow(t)
	for _, name := range models.Names() {
		t.Run(name, func(t *testing.T) {
			m, err := models.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			compareWithPython(t, m)
		})
	}
}

func compareWithPython(t *testing.T, m *models.Model) {
	const stride = 4
	clip, want := runPython(t, m, stride)
	f := m.Manifest
	take := func(n int) (part []byte) {
		part, want = want[:n], want[n:]
		return part
	}
	xnnpack, plain := openWindow(t, m, "xnnpack"), openWindow(t, m, "cpu")
	windows, rounded := 0, 0
	for n := 1; len(clip) >= f.FrameBytes(); n++ {
		xnnpack.Push(clip[:f.FrameBytes()])
		plain.Push(clip[:f.FrameBytes()])
		clip = clip[f.FrameBytes():]
		if n < f.Frames || (n-f.Frames)%stride != 0 {
			continue
		}
		input := take(len(xnnpack.input))
		if steps := xnnpack.compare(t, windows, input, take); steps > fewSteps {
			t.Errorf("window %d: XNNPACK's outputs are %d steps from Python's, want %d at most", windows, steps, fewSteps)
		} else if steps > 0 {
			rounded++
		}
		if steps := plain.compare(t, windows, input, take); steps != 0 {
			t.Errorf("window %d: on TFLite's own kernels the outputs are %d steps from Python's", windows, steps)
		}
		windows++
	}
	if rounded > rareWindows {
		t.Errorf("XNNPACK: %d of %d windows differ from Python's, want %d at most", rounded, windows, rareWindows)
	}
	if windows < 100 || len(want) != 0 {
		t.Fatalf("compared %d windows, %d bytes of Python's left over; want at least 100 and 0", windows, len(want))
	}
	t.Logf("%d windows; on XNNPACK %d differ", windows, rounded)
}

const rareWindows, fewSteps = 4, 4

// runPython returns frames of real footage, and what the workshop makes of every window that begins stride frames after the last one.
func runPython(t *testing.T, m *models.Model, stride int) (clip, made []byte) {
	t.Helper()
	cache := os.Getenv("EDGED_CACHE")
	footage := filepath.Join(cache, "footage", "vtest.avi")
	python := filepath.Join(cache, "venv", "bin", "python")
	for _, path := range []string{footage, python} {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%v: run make deps, and the tests by make test or with eval \"$(make -s env)\"", err)
		}
	}
	dir := t.TempDir()
	model, frames, out := filepath.Join(dir, "m.tflite"), filepath.Join(dir, "frames"), filepath.Join(dir, "out")
	if err := os.WriteFile(model, m.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	f := m.Manifest
	command(t, "ffmpeg", "-v", "error", "-i", footage, "-vf",
		fmt.Sprintf("crop=288:288:240:160,scale=%d:%d,fps=%g", f.Width, f.Height, f.FrameRate), "-f", "rawvideo", "-pix_fmt", "rgb24", frames)
	command(t, python, "testdata/parity.py", model, frames, out, fmt.Sprint(stride))
	return readFile(t, frames), readFile(t, out)
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// window is an engine with its only clip.
type window struct {
	*Engine
	*Clip
}

func openWindow(t *testing.T, m *models.Model, delegate string) window {
	t.Helper()
	e, err := New(m, Options{Delegate: delegate, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	clip, err := e.NewClip()
	if err != nil {
		t.Fatal(err)
	}
	return window{e, clip}
}

// compare runs the model and returns how far its logits and its embedding are from Python's, which take returns.
func (w window) compare(t *testing.T, number int, input []byte, take func(int) []byte) (steps int) {
	t.Helper()
	if err := w.Invoke(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(w.input, input) {
		t.Fatalf("window %d, %s: the input tensor differs from Python's", number, w.info.Delegate)
	}
	for _, o := range []*output{&w.output, &w.embedding} {
		if len(o.raw) == 0 {
			t.Fatalf("window %d, %s: an output without bytes", number, w.info.Delegate)
		}
		steps = max(steps, apart(o.raw, take(len(o.raw))))
	}
	return steps
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
