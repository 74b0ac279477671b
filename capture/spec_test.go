package capture

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseSpec(t *testing.T) {
	file := write(t, "clip.avi", nil)
	for s, want := range map[string]Spec{
		"v4l2:auto":                      {KindV4L2, ""},
		"v4l2:/dev/video2":               {KindV4L2, "/dev/video2"},
		"/dev/video0":                    {KindV4L2, "/dev/video0"},
		"/dev/v4l/by-id/usb-cam-index0":  {KindV4L2, "/dev/v4l/by-id/usb-cam-index0"},
		"file:not/yet/there.avi":         {KindFile, "not/yet/there.avi"},
		"file:/media/with:colon.avi":     {KindFile, "/media/with:colon.avi"},
		file:                             {KindFile, file},
		"command:cat a:b | tee c":        {KindCommand, "cat a:b | tee c"},
		"rtsp://u:s@camera:554/1?a=1&b":  {KindRTSP, "rtsp://u:s@camera:554/1?a=1&b"},
		"rtsps://camera/1":               {KindRTSP, "rtsps://camera/1"},
		"pattern:":                       {KindPattern, ""},
		"v4l2:/dev/v4l/by-path/pci:0-v1": {KindV4L2, "/dev/v4l/by-path/pci:0-v1"},
	} {
		got, err := ParseSpec(s)
		if err != nil || got != want {
			t.Errorf("%q: %+v, error %v; want %+v", s, got, err, want)
		}
		if again, err := ParseSpec(got.String()); err != nil || again != got {
			t.Errorf("%q: its String %q reads as %+v, error %v", s, got.String(), again, err)
		}
		if _, err := NewSource(got, Options{}); err != nil {
			t.Errorf("%q: no source: %v", s, err)
		}
	}
	for s, want := range map[string]string{
		"":                                   "empty camera name",
		"v4l2:":                              "v4l2:auto",
		"v4l2:video0":                        "v4l2:/dev/video0",
		"file:":                              "file:PATH",
		"command:":                           "has no command",
		"pattern:circle":                     "nothing may follow",
		"rtmp://u:secret@camera/stream":      `"rtmp://***@camera/stream": of addresses edged reads only rtsp://`,
		"rtsp://u:sec%ret@camera/stream":     `"rtsp://***@camera/stream" is no address`,
		"rtsp://u:sec#ret@camera/stream":     "is no address",
		"rtsp:///stream":                     "has no host",
		filepath.Join(t.TempDir(), "absent"): "no such file",
	} {
		if _, err := ParseSpec(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", s, err, want)
		}
	}
	if _, err := NewSource(Spec{}, Options{}); err == nil {
		t.Error("a source of no kind was made")
	}
}

// A message shows a missing file's whole name, but of what may be a command line with a password only the first word.
func TestParseSpecShowsTheName(t *testing.T) {
	for s, want := range map[string]string{
		"my clip.mp4":               `"my clip.mp4"`,
		"/media/a b/my clip.mkv":    `"/media/a b/my clip.mkv"`,
		"ffmpeg -i hunter2.mp4":     `"ffmpeg ..."`,
		"curl me:hunter2 x.mjpg":    `"curl ..."`,
		"grab hunter2":              `"grab ..."`,
		"comand: ffmpeg hunter2 -x": `"comand: ..."`,
	} {
		_, err := ParseSpec(s)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(want, "hunter2") && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %s", s, err, want)
		}
	}
}

// A path in /dev is a camera unless a file lies there, and a named pipe is neither.
func TestParseSpecLooksAtWhatIsThere(t *testing.T) {
	shared, err := os.CreateTemp("/dev/shm", "edged-*.mkv")
	if err != nil {
		t.Fatal(err)
	}
	shared.Close()
	t.Cleanup(func() { os.Remove(shared.Name()) })
	if spec, err := ParseSpec(shared.Name()); err != nil || spec.Kind != KindFile {
		t.Errorf("%s: %+v, %v, want a file", shared.Name(), spec, err)
	}
	if _, err := ParseSpec(fifo(t)); err == nil || !strings.Contains(err.Error(), "command:cat") {
		t.Errorf("a named pipe: %v, want advice to read it by a command", err)
	}
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParseFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"pattern:", "v4l2:auto", "a\xffb%03d.mkv"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if path, err := ParseFile(name); path != name || err != nil {
			t.Errorf("%q exists: %q, %v", name, path, err)
		}
	}
	for s, want := range map[string]string{"file:absent.mkv": "absent.mkv", "my clip.mp4": "my clip.mp4", "a:b.mkv": "a:b.mkv"} {
		if path, err := ParseFile(s); path != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", s, path, err, want)
		}
	}
	for s, want := range map[string]string{
		"": "no file name", "file:": "no file name", "pattern:x": "this is a camera", "v4l2:/dev/video0": "this is a camera",
		"command:cat x": "this is a camera", "rtsp://u:secret@camera/1": "this is an address",
	} {
		if _, err := ParseFile(s); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q", s, err, want)
		}
	}
}

// Whatever is accepted is written as it will be read again.
func FuzzParseSpec(f *testing.F) {
	for _, s := range []string{
		"", "v4l2:auto", "v4l2:/dev/video0", "/dev/video1", "v4l2:", "file:a:b", "file:", "command: cat x | y", "command: ", "pattern:", "pattern:x",
		".", "http://x", "v4l2:relative", "file:\x00", "\xff:",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		spec, err := ParseSpec(s)
		if err != nil {
			return
		}
		if again, err := ParseSpec(spec.String()); err != nil || again != spec {
			t.Fatalf("%q is %+v, written %q, read again %+v, %v", s, spec, spec, again, err)
		}
		if _, err := NewSource(spec, Options{}); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
