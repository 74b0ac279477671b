package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// What can be wrong before edged comes: a camera for each, and an edged that is not root.
func TestFaultsAtTheStart(t *testing.T) {
	command(t, "modprobe", "-a", "vhci-hcd", "uvcvideo")
	const user, group = 1000, 4444
	if err := os.WriteFile("/etc/group", []byte("root:x:0:\ncameras:x:4444:\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	allow := func(path string, mode os.FileMode) {
		if err := os.Chown(path, 0, group); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	full := plug(t, "-isochronous", "-rate", "5", "-serial", "FULL", smallClip)
	full.tell("full")
	plug(t, "-rate", "5", "-serial", "BUSY", smallClip)
	plug(t, "-rate", "5", "-serial", "DENIED", smallClip)
	for _, serial := range []string{"FULL", "BUSY"} {
		path, _ := node(t, serial)
		allow(path, 0o666)
	}
	denied, _ := node(t, "DENIED")
	allow(denied, 0o660)
	busy, _ := node(t, "BUSY")
	thief := start(t, "v4l2-ctl", "-d", busy, "--stream-mmap", "--stream-count=1000000", "--stream-to=/dev/null")
	thief.expect("frames", func(line string) bool { return strings.Contains(line, "fps") })

	sub := subscribe(t)
	f := faults{T: t, sub: sub, edged: startEdged(t, `
- {name: full, source: "v4l2:/dev/v4l/by-id/FULL"}
- {name: busy, source: "v4l2:/dev/v4l/by-id/BUSY"}
- {name: denied, source: "v4l2:/dev/v4l/by-id/DENIED"}
- {name: absent, source: "v4l2:/dev/v4l/by-id/ABSENT"}
`, user)}
	all := []fault{
		{name: "no bandwidth on the bus (ENOSPC)", camera: "full", reason: "STREAMON: no USB bandwidth left (ENOSPC); lower the resolution or choose mjpeg",
			kind: "no_bandwidth", end: doing(func() { full.tell("free") })},
		{name: "in use by another program", camera: "busy", reason: "in use by another program (EBUSY); find it with `fuser -v",
			kind: "busy", end: func() time.Time { thief.stop(); return time.Now() }},
		{name: "permission denied", camera: "denied", reason: "permission denied (EACCES); add edged's user to the group cameras",
			kind: "denied", end: doing(func() { allow(denied, 0o666) })},
		{name: "not plugged in", camera: "absent", reason: "no such camera (ENOENT); plug it in",
			kind: "unplugged", end: func() time.Time {
				plug(t, "-rate", "5", "-serial", "ABSENT", smallClip)
				path, _ := node(t, "ABSENT")
				allow(path, 0o666)
				return time.Now()
			}},
	}
	offline := map[string]bool{}
	for len(offline) < len(all) {
		f.expect("a reason for each camera", func(l string) bool {
			for _, x := range all {
				if ofCamera(l, x.camera) {
					if offline[x.camera] = true; !strings.Contains(l, x.reason) {
						t.Errorf("%s: the log has %s, want %q", x.name, l, x.reason)
					}
					return true
				}
			}
			return false
		})
	}
	for _, x := range all {
		f.awaitStatus(x.camera, "offline")
		if s := f.status(x.camera); s.Failures[x.kind] == 0 {
			t.Errorf("%s: not counted as %s: %v", x.name, x.kind, s.Failures)
		}
	}
	for _, x := range all {
		if !long && x.camera == "full" {
			continue
		}
		mended := x.end()
		on := f.awaitLog(x.camera, "camera online")
		f.awaitStatus(x.camera, "online")
		if lines := f.logged(0, x.camera); len(lines) > 3 { // one more where it is plugged in before we may open it
			t.Errorf("%s: logged %d times: %q", x.name, len(lines), lines)
		}
		fmt.Printf("| %s, from the start | at once | %.1f s | offline, `%s` |\n", x.name, on.at.Sub(mended).Seconds(), x.kind)
	}
}
