//go:build powercut

package publish

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A copy of a disk's image is what a power cut leaves: all that was synced, and of the rest what the kernel had come to. It needs
// root and loop devices, so that make test-faults alone runs it.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	image := filepath.Join(dir, "disk")
	command(t, "truncate", "-s", "24M", image)
	command(t, "mkfs.ext4", "-q", image)
	child := startChild(t, "tcp://127.0.0.1:1", mount(t, image), "") // where nobody listens
	const cuts = 30
	images, handed := make([]string, cuts), make([][]string, cuts)
	for n := range cuts {
		time.Sleep(rand.N(time.Second))
		handed[n] = child.handed()
		time.Sleep(time.Second) // what is older than this must be there
		images[n] = filepath.Join(dir, fmt.Sprintf("cut%d", n))
		copyFile(t, images[n], image)
	}
	child.kill()
	total, lost := 0, 0
	for n := range cuts {
		t.Run("", func(t *testing.T) {
			outbox := mount(t, images[n])
			b := persistent(t)
			b.Start()
			c := newTally(t, b.URL())
			missing, _ := deliverRest(t, c, b.URL(), outbox, handed[n])
			if damaged, _ := filepath.Glob(filepath.Join(outbox, "*.damaged")); missing > 0 || len(damaged) > 0 {
				t.Errorf("%d of %d events are lost; damaged: %v", missing, len(handed[n]), damaged)
			}
			if _, disorder := c.count(); disorder > 0 {
				t.Errorf("%d out of order", disorder)
			}
			total, lost = total+len(handed[n]), lost+missing
		})
	}
	report(t, fmt.Sprintf("power cut at %d instants; events older than 1 s", cuts), total, lost, 0, 0)
}

// mount mounts the image until the test ends, and returns a folder on it.
func mount(t *testing.T, image string) string {
	t.Helper()
	at := t.TempDir()
	command(t, "mount", "-o", "loop", image, at)
	t.Cleanup(func() { command(t, "umount", at) })
	folder := filepath.Join(at, "state")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil { //nolint:noctx // also while the test's context has ended
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
