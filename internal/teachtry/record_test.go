package teachtry

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// People keep their videos on other disks, and put links into the folders.
func TestLinksToFilesAreFollowed(t *testing.T) {
	disk, folder := t.TempDir(), t.TempDir()
	for _, path := range []string{filepath.Join(disk, "a.mkv"), filepath.Join(folder, "b.mkv")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, at string) {
		t.Helper()
		if err := os.Symlink(to, at); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Join(disk, "a.mkv"), filepath.Join(folder, "a.mkv"))
	linked := filepath.Join(t.TempDir(), "linked")
	link(folder, linked)
	got, err := files([]string{linked})
	if want := []string{filepath.Join(linked, "a.mkv"), filepath.Join(linked, "b.mkv")}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if err := os.WriteFile(filepath.Join(folder, ".hidden"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link(disk, filepath.Join(folder, "disk")) // a link to a folder is left alone
	t.Chdir(folder)
	if got, err := files([]string{"."}); err != nil || !slices.Equal(got, []string{".hidden", "a.mkv", "b.mkv"}) {
		t.Errorf("of this folder: %q, %v", got, err)
	}
	link(filepath.Join(disk, "gone.mkv"), filepath.Join(folder, "gone.mkv"))
	if _, err := files([]string{folder}); err == nil || !strings.Contains(err.Error(), "gone.mkv") {
		t.Errorf("a link to nothing: %v", err)
	}
	if err := syscall.Mkfifo(filepath.Join(disk, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := files([]string{disk}); err == nil || !strings.Contains(err.Error(), "pipe: no regular file") {
		t.Errorf("a pipe: %v", err)
	}
}
