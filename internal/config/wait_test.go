//go:build unix

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Nobody may have to wait for a file that the user names.
func TestLoadNeverWaitsForAFile(t *testing.T) {
	dir := t.TempDir()
	pipe, config := filepath.Join(dir, "pipe"), filepath.Join(dir, "config")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "nobody writes", "/dev/zero": "device", dir: "folder", filepath.Join(dir, "absent"): "no such file"} {
		if err := os.WriteFile(config, []byte("mqtt: {username: u, password_file: '"+path+"'}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for what, file := range map[string]string{"configuration": path, "password": config} {
			done := make(chan error, 1)
			go func() {
				_, err := Load(file)
				done <- err
			}()
			select {
			case err := <-done:
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s from %s: %v, want %q", what, path, err, want)
				}
			case <-time.After(time.Minute):
				t.Errorf("%s from %s: still waiting", what, path)
			}
		}
	}
}
