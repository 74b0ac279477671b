package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"edged/internal/testkit"
	"edged/models"
)

// Every path on the command line and in the configuration is bytes, whether they are UTF-8 or not.
func TestPathsAreBytes(t *testing.T) {
	testkit.Slow(t)
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	starter, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	footage, err := os.ReadFile(footage(t, "walkers.mkv"))
	if err != nil {
		t.Fatal(err)
	}
	video, model := put("v\xff%03d.mkv", footage), put("m\xff%d.tflite", starter.Data)
	config := put("c\xff.yaml", []byte("model: {file: '"+model+"'}\ncameras: [{source: '"+video+"'}]\n"))
	absent := filepath.Join(dir, "absent\xff")
	for _, args := range [][]string{
		{"model", model}, {"check", "-c", config}, {"replay", "--model", model, video}, {"replay", "file:" + video},
		{"bench", "--seconds", "1", "--model", model, "--source", video},
	} {
		if status, _, stderr := edged(t, args...); status != 0 {
			t.Errorf("%q: status %d, %s", args, status, stderr)
		}
	}
	for _, args := range [][]string{{"model", absent}, {"check", "-c", absent}, {"replay", absent}, {"run", "--model", absent}} {
		if status, _, stderr := edged(t, args...); status == 0 || strings.Contains(stderr, "\ufffd") {
			t.Errorf("%q: status %d, %q does not show the name", args, status, stderr)
		}
	}
}

// A command refuses what it would have to wait for, and says what it is.
func TestNoCommandWaitsForAFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "pipe", "/dev/zero": "device", t.TempDir(): "folder"} {
		for _, args := range [][]string{
			{"replay"}, {"replay", "file:"}, {"model"}, {"bench", "--source"}, {"bench", "--model"}, {"check", "-c"}, {"run", "-c"}, {"run", "--model"}, {"status", "-c"},
		} {
			last := len(args) - 1
			if strings.HasSuffix(args[last], ":") {
				args[last] += path
			} else {
				args = append(args, path)
			}
			status, stdout, stderr := edged(t, args...)
			if status == 0 || stdout != "" || !strings.Contains(stderr, want) || !strings.Contains(stderr, path) {
				t.Errorf("%q: status %d, stderr %q, want %q and the path", args, status, stderr, want)
			}
		}
	}
}

func TestReplayCallsAMissingFileAFile(t *testing.T) {
	status, _, stderr := edged(t, "replay", "my clip.mp4")
	if status != exitFailed || !strings.Contains(stderr, "my clip.mp4: no such file") || strings.Contains(stderr, "camera") {
		t.Errorf("status %d, %s", status, stderr)
	}
}
