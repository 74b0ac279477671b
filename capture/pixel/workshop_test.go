package pixel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"edged/internal/testkit"
)

// The workshop in models/ scales and converts the pictures that it trains and tests on by itself. They equal edged's to the byte
// with the libyuv of Debian 12 on amd64. Another libyuv may round differently.
func TestSamePixelsAsPython(t *testing.T) {
	testkit.Slow(t)
	cache := os.Getenv("EDGED_CACHE")
	vtest := []string{"-ss", "40", "-i", filepath.Join(cache, "footage", "vtest.avi")}
	fine := []string{"-f", "lavfi", "-i", "testsrc2=size=1920x1080"} // edges of one pixel
	for _, c := range []struct {
		name          string
		source        []string
		cut           string
		w, h          int
		width, height int
		area          Area
	}{
		{"vtest", vtest, "null", 768, 576, 96, 96, at(0, 0, 1, 1)},
		{"vtest, to a larger model", vtest, "null", 768, 576, 224, 224, at(0, 0, 1, 1)},
		{"a part of vtest, of less chroma than the model's", vtest, "null", 768, 576, 96, 96, at(0.3125, 0.28, 0.1875, 0.25)},
		{"1080p", fine, "null", 1920, 1080, 96, 96, at(0, 0, 1, 1)},
		{"a part of 1080p, upright", fine, "null", 1920, 1080, 48, 64, at(0.1, 0.2, 0.5, 0.7)},
		{"odd", fine, "crop=639:479:1:1:exact=1", 639, 479, 96, 96, at(0, 0, 1, 1)},
		{"of less pixels than the model's", fine, "crop=160:120", 160, 120, 224, 224, at(0, 0, 1, 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			const frames = 3
			raw := ffmpeg(t, nil, append(c.source, "-vf", "format=yuv444p,"+c.cut+",format=yuv420p", "-frames:v", fmt.Sprint(frames),
				"-f", "rawvideo", "-")...)
			f := Format{FourCC: YUV420, Width: c.w, Height: c.h}
			if len(raw) != frames*f.Bytes() {
				t.Fatalf("ffmpeg gave %d bytes, want %d", len(raw), frames*f.Bytes())
			}
			d, err := NewDecoder(c.width, c.height, c.area)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(d.Close)
			var ours []byte
			for rest := raw; len(rest) > 0; rest = rest[f.Bytes():] {
				dst := make([]byte, 3*c.width*c.height)
				if err := d.Decode(dst, f, rest[:f.Bytes()]); err != nil {
					t.Fatal(err)
				}
				ours = append(ours, dst...)
			}
			mean, worst := difference(t, byPython(t, cache, raw, c.w, c.h, c.width, c.height, c.area), ours)
			t.Logf("mean difference %.3f levels, %d at worst", mean, worst)
			if mean > 0.1 || worst > 4 {
				t.Errorf("mean difference %.3f levels, %d at worst; want at most 0.1 and 4", mean, worst)
			}
		})
	}
}

func byPython(t *testing.T, cache string, raw []byte, w, h, width, height int, a Area) []byte {
	t.Helper()
	dir := t.TempDir()
	frames, out := filepath.Join(dir, "frames"), filepath.Join(dir, "out")
	if err := os.WriteFile(frames, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"testdata/pixels.py", frames, out}
	for _, v := range []any{w, h, width, height, a.X, a.Y, a.Width, a.Height} {
		args = append(args, fmt.Sprint(v))
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(cache, "venv", "bin", "python"), args...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v (make deps puts it there)\n%s", cmd, err, said)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
