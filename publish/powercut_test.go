//go:build powercut

package publish

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"edged/internal/testkit"
)

// A copy of a disk's image is what a power cut leaves: all that was synced, and of the rest what the kernel had come to. It needs
// root and loop devices, so that make test-faults alone runs it.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	image := filepath.Join(dir, "disk")
	command(t, "truncate", "-s", "24M", image)
	command(t, "mkfs.ext4", "-q", image)
	child := startChild(t, "tcp://127.0.0.1:1", mountImage(t, image), "") // where nobody listens
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
			outbox := mountImage(t, images[n])
			b := persistent(t)
			b.Start()
			c := newTally(t, b.URL())
			missing, _ := deliverRest(t, c, b.URL(), outbox, handed[n])
			if damaged, _ := filepath.Glob(filepath.Join(outbox, outboxFolder, "*"+damagedEnding)); missing > 0 || len(damaged) > 0 {
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

// mountImage mounts the image until the test ends, and returns a folder on it.
func mountImage(t *testing.T, image string) string {
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

// What reaches the disk for each event, measured at the block device: with the broker away, at two paces, and with a broker that
// acknowledges at once. It includes the file system's own journal.
func TestBytesWrittenPerEvent(t *testing.T) {
	for _, c := range []struct {
		name   string
		broker bool
		pace   time.Duration
		lasts  time.Duration
	}{
		{"the broker away, 20 events a second", false, 50 * time.Millisecond, 30 * time.Second},
		{"the broker away, an event every 2 s", false, 2 * time.Second, 60 * time.Second},
		{"the broker there, 2 events a second", true, 500 * time.Millisecond, 40 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "disk")
			command(t, "truncate", "-s", "64M", image)
			command(t, "mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
			dir := mountImage(t, image)
			url := "tcp://127.0.0.1:1" // where nobody listens
			if c.broker {
				url = testkit.StartMosquitto(t).URL()
			}
			t.Setenv(childPace, c.pace.String())
			time.Sleep(6 * time.Second) // until the file system has written what mount changed
			child := startChild(t, url, dir, "")
			time.Sleep(3 * time.Second)
			before, events := bytesWritten(t, dir), len(child.handed())
			time.Sleep(c.lasts)
			after, handed := bytesWritten(t, dir), len(child.handed())-events
			child.kill()
			t.Logf("| %s | %d events | %d bytes for each |", c.name, handed, (after-before)/handed)
		})
	}
}

// bytesWritten is what the device of the file system has been told to write.
func bytesWritten(t *testing.T, dir string) int {
	t.Helper()
	out, err := exec.Command("findmnt", "-n", "-o", "SOURCE", "-T", dir).Output() //nolint:noctx // ends at once
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(strings.TrimSpace(string(out))), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	sectors, err := strconv.Atoi(strings.Fields(string(stat))[6]) // Documentation/block/stat.rst
	if err != nil {
		t.Fatal(err)
	}
	return sectors * 512
}
