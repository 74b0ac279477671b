package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edged/internal/testkit"
)

// edged check names everything that edged run would have to do without.
func TestCheckFindsWhatRunWouldMiss(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"cameras: [{source: 'file:/no/such/clip.mp4'}]":                             "cameras[0].source: /no/such/clip.mp4: no such file",
		"cameras: [{source: 'file:" + dir + "'}]":                                   "cameras[0].source: " + dir,
		"web: {password_file: /no/such/password}":                                   "web.password_file: ",
		"web: {cert_file: /no/such/cert, key_file: /no/such/key}":                   "web.cert_file",
		"state_dir: " + file:                                                        "state_dir: " + file + " is not a folder",
		"state_dir: " + file + "/state":                                             "state_dir: ",
		"state_dir: /proc/state":                                                    "state_dir: ",
		"record: {enabled: true, dir: " + file + "/clips}":                          "record.dir: ",
		"state_dir: /proc/state\ncameras: [{name: a, source: 'file:/no/such'}]":     "state_dir: ",
		"model: {file: /no/such.tflite}\ncameras: [{source: 'file:/no/such/clip'}]": "cameras[0].source: /no/such/clip",
	} {
		status, stdout, stderr := edged(t, "check", "-c", write(t, "edged.yaml", text+"\n"))
		if status != exitConfig || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %q, want %q", text, status, stdout+stderr, want)
		}
	}
	for _, text := range []string{
		"cameras: [{source: 'file:" + file + "'}]", "state_dir: " + dir, "state_dir: " + dir + "/new/state", "cameras: [{source: 'v4l2:/dev/video99'}]",
	} {
		if status, _, stderr := edged(t, "check", "-c", write(t, "edged.yaml", text+"\n")); status != 0 {
			t.Errorf("%s: status %d, %s", text, status, stderr)
		}
	}
	if _, err := os.Stat(dir + "/new"); err == nil {
		t.Error("check made a folder")
	}
}

// A relative path means the same for check and run, wherever they are started; a camera's command runs in the configuration's folder.
func TestRelativePathsStartAtTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"camera.sh": "while :; do cat picture.jpg; sleep 0.05; done\n", "picture.jpg": string(greyJPEG(t)),
		"edged.yaml": fmt.Sprintf("state_dir: state\nmqtt: {broker: 'tcp://%s'}\nweb: {listen: ''}\n"+
			"cameras: [{name: gate, source: 'command:. ./camera.sh'}, {name: file, source: walkers.mkv}]\n", testkit.FreeAddress(t)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(footage(t, "walkers.mkv"), filepath.Join(dir, "walkers.mkv")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	config := filepath.Join(dir, "edged.yaml")
	if status, _, stderr := edged(t, "check", "-c", config); status != 0 {
		t.Errorf("check: status %d, %s", status, stderr)
	}
	p := startEdged(t, "run", "-c", config)
	for _, camera := range []string{"gate", "file"} {
		p.line(t, camera+"  online")
	}
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "state")); err != nil {
		t.Errorf("no state folder: %v", err)
	}
}

// A view that follows keeps large pictures, so edged check says what they take.
func TestCheckSaysWhatFollowingTakes(t *testing.T) {
	config := write(t, "edged.yaml", "cameras: [{name: gate, source: 'pattern:', views: [{name: all}, {name: people, follow: {max: 3}}]}]\n")
	status, stdout, stderr := edged(t, "check", "-c", config)
	if want := "follow  gate/people: up to 3 targets, 12 MB of memory\n"; status != 0 || !strings.Contains(stdout, want) || strings.Contains(stdout, "gate/all:") {
		t.Errorf("status %d, %s%s\nwant in it %s", status, stdout, stderr, want)
	}
}
