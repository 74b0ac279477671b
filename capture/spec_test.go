package capture

import (
	"path/filepath"
	"strings"
	"testing"
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
		"rtsp://u:secret@camera/stream":      `"rtsp://***@camera/stream": an address is read by a program`,
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
