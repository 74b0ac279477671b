package publish

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"edged/internal/testkit"
)

// What cannot be read may be whole: it stays for the next start.
func TestAnUnreadableFormerOutboxIsLeftAlone(t *testing.T) {
	dir, log := t.TempDir(), new(testkit.Log)
	for _, name := range []string{formerDatabase, formerNotes} {
		if err := os.Symlink(name, filepath.Join(dir, name)); err != nil { // reading it fails, for root too
			t.Fatal(err)
		}
	}
	records, files := readFormerOutbox(dir, slog.New(slog.NewTextHandler(log, nil)))
	if len(records)+len(files) > 0 || !log.Has(formerDatabase)() || !log.Has(formerNotes)() {
		t.Errorf("%d events, to remove: %v; log: %s", len(records), files, log)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 || left[0].Name() != formerDatabase {
		t.Errorf("left are %v (%v)", left, err)
	}
}

// A damaged one is put aside.
func TestADamagedFormerOutboxIsPutAside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, formerDatabase)
	if err := os.WriteFile(path, make([]byte, 32<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, files := readFormerOutbox(dir, slog.New(slog.DiscardHandler)); len(files) > 0 {
		t.Errorf("to remove: %v", files)
	}
	if _, err := os.Stat(path + damagedEnding); err != nil {
		t.Error(err)
	}
}
