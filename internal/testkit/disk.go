package testkit

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// NewDiskImage makes the image of an empty ext4 disk of that size, such as "24M".
func NewDiskImage(t *testing.T, size string) (image string) {
	t.Helper()
	image = filepath.Join(t.TempDir(), "disk")
	Command(t, "truncate", "-s", size, image)
	Command(t, "mkfs.ext4", "-q", image)
	return image
}

// MountImage mounts the image until the test ends, and returns a folder on it. It needs root and a loop device.
func MountImage(t *testing.T, image string) (folder string) {
	t.Helper()
	at := t.TempDir()
	Command(t, "mount", "-o", "loop", image, at)
	t.Cleanup(func() { Command(t, "umount", at) })
	folder = filepath.Join(at, "state")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

// CopyImage copies a mounted disk's image. The copy is what a power cut leaves at this moment: everything that was synced, and of the rest
// what the kernel has written so far.
func CopyImage(t *testing.T, image string) (copied string) {
	t.Helper()
	copied = filepath.Join(t.TempDir(), "disk")
	in, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(copied)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return copied
}

// Command runs a program, and fails the test if the program fails.
func Command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil { //nolint:noctx // also while the test's context has ended
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}
