package node

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edged/internal/incontainer"
)

// In a container somebody has forgotten the volume, or mounted it read-only: that must be said with what helps.
func TestAVolumeThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file") // no folder: root could write into any
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })

	complainOfVolume(file)
	if log.Len() > 0 {
		t.Errorf("outside of a container: %s", &log)
	}
	t.Setenv(incontainer.Variable, "oci")
	if complainOfVolume(t.TempDir()); log.Len() > 0 {
		t.Errorf("for a folder that can be written: %s", &log)
	}
	if complainOfVolume(file); !strings.Contains(log.String(), "mount one with -v edged:"+file) {
		t.Errorf("%q does not say what helps", &log)
	}
}
