//go:build powercut

package publish

import (
	"fmt"
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
	image := testkit.NewDiskImage(t, "24M")
	child := startChild(t, "tcp://127.0.0.1:1", testkit.MountImage(t, image), "") // where nobody listens
	const cuts = 30
	images, handed := make([]string, cuts), make([][]string, cuts)
	for n := range cuts {
		time.Sleep(rand.N(time.Second))
		handed[n] = child.handed()
		time.Sleep(time.Second) // what is older than this must be there
		images[n] = testkit.CopyImage(t, image)
	}
	child.kill()
	total, lost := 0, 0
	for n := range cuts {
		t.Run("", func(t *testing.T) {
			outbox := testkit.MountImage(t, images[n])
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
			testkit.Command(t, "truncate", "-s", "64M", image)
			testkit.Command(t, "mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
			dir := testkit.MountImage(t, image)
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
