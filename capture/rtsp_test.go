package capture

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The address reaches ffmpeg as it is, whatever the shell makes of its characters, and no message holds its password.
func TestAddressOfANetworkCamera(t *testing.T) {
	const address = "rtsp://me:it's%20$(id);x@cam:554/1?channel=1&subtype=1"
	dir := t.TempDir()
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" >" + dir + "/arguments\necho refused by \"$9\" >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	spec, err := ParseSpec(address)
	if err != nil {
		t.Fatal(err)
	}
	source, err := NewSource(spec, Options{Width: 800, Height: 450})
	if err != nil {
		t.Fatal(err)
	}
	err = source.Run(t.Context(), func(*Frame) Finding { return Finding{} })
	arguments, readErr := os.ReadFile(filepath.Join(dir, "arguments"))
	if readErr != nil {
		t.Fatalf("%v; the source says %v", readErr, err)
	}
	if lines := strings.Split(string(arguments), "\n"); len(lines) < 10 || lines[7] != "-i" || lines[8] != address {
		t.Errorf("ffmpeg got %q", lines)
	}
	if !strings.Contains(string(arguments), "scale='min(iw,800)':-2,format=yuv420p\n") {
		t.Errorf("ffmpeg got %q", arguments)
	}
	if err == nil || !strings.Contains(err.Error(), "rtsp://***@cam:554/1") || !strings.Contains(err.Error(), "refused by") || strings.Contains(err.Error(), "it's") {
		t.Errorf("the source says %v", err)
	}
}

func TestANetworkCameraNeedsFFmpeg(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	source, err := NewSource(Spec{Kind: KindRTSP, Path: "rtsp://me:secret@cam/1"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = source.Run(context.Background(), func(*Frame) Finding { return Finding{} })
	if err == nil || !strings.Contains(err.Error(), "rtsp://***@cam/1: ffmpeg is not installed") {
		t.Errorf("the source says %v", err)
	}
}
