package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"edged/internal/testkit"
)

// film makes a video by ffmpeg: its arguments, but for the file's name.
func film(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.CommandContext(t.Context(), "ffmpeg", append(append([]string{"-nostdin", "-v", "error"}, arguments...), path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg (make deps installs it): %v: %s", err, out)
	}
	return path
}

const testPattern = "testsrc=size=160x120:rate=25:duration="

// mutilate writes a copy of the file as change makes it.
func mutilate(t *testing.T, path string, change func([]byte) []byte) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(changed, change(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return changed
}

// most is the first 70 % of a file.
func most(data []byte) []byte { return data[:len(data)*7/10] }

// noTables takes the quantization tables out of every JPEG: none decodes.
func noTables(data []byte) []byte {
	return bytes.ReplaceAll(data, []byte{0xff, 0xdb}, []byte{0xff, 0xef})
}

// noise puts random bytes in the middle of a file.
func noise(data []byte) []byte {
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(data[len(data)/3 : len(data)/3+4000])
	return data
}

// An empty or incomplete result never looks like success: replay says why, and its exit status is 1.
func TestReplayNeverEndsInSilence(t *testing.T) {
	testkit.Slow(t)
	jpegs := film(t, "a.mjpeg", "-f", "lavfi", "-i", testPattern+"6", "-c:v", "mjpeg")
	y4m := film(t, "a.y4m", "-f", "lavfi", "-i", testPattern+"6", "-pix_fmt", "yuv420p")
	mp4 := film(t, "a.mp4", "-f", "lavfi", "-i", testPattern+"6", "-c:v", "mpeg4", "-movflags", "+faststart")
	mkv := film(t, "a.mkv", "-f", "lavfi", "-i", testPattern+"6", "-c:v", "mpeg4")
	for _, c := range []struct {
		what, path string
		want       []string
	}{
		{"JPEGs of which the last is cut off", mutilate(t, jpegs, most), []string{"its last picture is cut off", "windows="}},
		{"JPEGs of which none decodes", mutilate(t, jpegs, noTables), []string{"the model never ran; damaged frames: 40 of the 40 that it needs", "corrupt frame"}},
		{"JPEGs of which some do not decode", mutilate(t, jpegs, func(data []byte) []byte { return append(noTables(data[:len(data)/4]), data[len(data)/4:]...) }),
			[]string{" that the model needs; the first: ", "corrupt frame", "windows="}},
		{"Y4M that is cut off", mutilate(t, y4m, most), []string{"unexpected EOF", "windows="}},
		{"Y4M with something else in it", mutilate(t, y4m, func(data []byte) []byte { return append(most(data), "something else, which is no frame\n"...) }), []string{"a.y4m", "windows="}},
		{"a short video", film(t, "short.avi", "-f", "lavfi", "-i", testPattern+"1", "-c:v", "mpeg4"), []string{"too short, 25 frames in 1.0 s; it needs 16 frames, 8 a second, which is 1.9 s"}},
		{"a still JPEG", film(t, "still.jpg", "-f", "lavfi", "-i", testPattern+"1", "-frames:v", "1"), []string{"a still picture"}},
		{"a still PNG", film(t, "still.png", "-f", "lavfi", "-i", testPattern+"1", "-frames:v", "1"), []string{"a still picture"}},
		{"a frame a second", film(t, "slow.mkv", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=1:duration=30", "-c:v", "mpeg4"), []string{"too few frames, 1 a second", "at least 4 a second"}},
		{"MP4 that is cut off", mutilate(t, mp4, most), []string{"damaged or incomplete", "partial file", "windows="}},
		{"Matroska that is cut off", mutilate(t, mkv, most), []string{"damaged or incomplete", "ended prematurely", "windows="}},
		{"AVI that is cut off", mutilate(t, film(t, "a.avi", "-f", "lavfi", "-i", testPattern+"6", "-c:v", "mpeg4"), most), []string{"damaged or incomplete", "windows="}},
		{"MP4 without an index", mutilate(t, film(t, "b.mp4", "-f", "lavfi", "-i", testPattern+"6", "-c:v", "mpeg4"), most), []string{"it has no index (moov atom)"}},
		{"MP4 with damage in the middle", mutilate(t, mp4, noise), []string{"damaged or incomplete", "windows="}},
		{"Matroska with damage in the middle", mutilate(t, mkv, noise), []string{"damaged or incomplete", "windows="}},
		{"sound", film(t, "sound.wav", "-f", "lavfi", "-i", "sine=duration=3"), []string{"no video in it"}},
		{"a film with sound alone", film(t, "sound.mkv", "-f", "lavfi", "-i", "sine=duration=3"), []string{"no video in it"}},
		{"an empty file", write(t, "empty.mp4", ""), []string{"empty.mp4"}},
		{"a text", write(t, "notes.txt", "no video at all\n"), []string{"notes.txt"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			status, _, stderr := edged(t, "replay", c.path)
			if status != exitFailed {
				t.Errorf("status %d, want %d", status, exitFailed)
			}
			for _, advice := range []string{"To ignore this", "trailing '?'", "camera \""} {
				if strings.Contains(stderr, advice) {
					t.Errorf("stderr has %q", advice)
				}
			}
			for _, want := range append(c.want, c.path) {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr lacks %q", want)
				}
			}
			if t.Failed() {
				t.Log(stderr)
			}
		})
	}
}

// A video without any action gives no line. That there was something to look at is told beside it.
func TestReplayTellsWhatItLookedAt(t *testing.T) {
	testkit.Slow(t)
	status, stdout, stderr := edged(t, "replay", film(t, "still.mkv", "-f", "lavfi", "-i", "color=gray:size=160x120:rate=25:duration=4", "-c:v", "mpeg4"))
	if status != 0 || stdout != "" || !strings.Contains(stderr, "frames=100") || !strings.Contains(stderr, "windows=9") || !strings.Contains(stderr, "actions=0") {
		t.Errorf("status %d, stdout %q, stderr %s", status, stdout, stderr)
	}
}

// ffmpeg does not notice where some formats are cut off. What they say of their length is told then.
func TestReplayTellsThatPicturesMayBeMissing(t *testing.T) {
	testkit.Slow(t)
	path := mutilate(t, film(t, "a.flv", "-f", "lavfi", "-i", testPattern+"6", "-c:v", "flv1"), most)
	if _, _, stderr := edged(t, "replay", path); !strings.Contains(stderr, "pictures may be missing") || !strings.Contains(stderr, "end=6s") {
		t.Error(stderr)
	}
	if _, _, stderr := edged(t, "replay", footage(t, "walkers.mkv")); strings.Contains(stderr, "missing") {
		t.Errorf("nothing is missing: %s", stderr)
	}
}
