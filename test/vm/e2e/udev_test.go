package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// byID is where udev keeps a camera's name for good; in the guest keepNames does.
const byID = "/dev/v4l/by-id/"

// keepNames does what udev does for USB cameras: a link by serial number to the node, for as long as it is there.
func keepNames(stop <-chan struct{}) {
	_ = os.MkdirAll(byID, 0o755)
	for {
		select {
		case <-stop:
			return
		case <-time.After(50 * time.Millisecond):
		}
		links, _ := filepath.Glob(byID + "*")
		for _, link := range links {
			if _, err := os.Stat(link); err != nil {
				_ = os.Remove(link)
			}
		}
		classes, _ := filepath.Glob("/sys/class/video4linux/video*")
		for _, class := range classes {
			serial, err := os.ReadFile(class + "/device/../serial")
			index, _ := os.ReadFile(class + "/index")
			if err == nil && strings.TrimSpace(string(index)) == "0" { // the other node is for metadata
				_ = os.Symlink("/dev/"+filepath.Base(class), byID+strings.TrimSpace(string(serial)))
			}
		}
	}
}

// node waits until the camera is there and returns its node, and since when it is there.
func node(t *testing.T, serial string) (path string, since time.Time) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		path, err := filepath.EvalSymlinks(byID + serial)
		if err != nil {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		return path, time.Unix(info.Sys().(*syscall.Stat_t).Ctim.Unix())
	}
	t.Fatalf("no camera %s", serial)
	return "", time.Time{}
}
