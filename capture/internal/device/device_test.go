package device

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"edged/internal/incontainer"
)

// openFiles counts this process' file descriptors.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "video0")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	for _, c := range []struct {
		path  string
		errno unix.Errno
		text  string
	}{
		{"/dev/video-none", unix.ENOENT, "no such camera (ENOENT); plug it in"},
		{"/dev/null", unix.ENOTTY, "QUERYCAP: not a V4L2 device (ENOTTY)"},
		{file, unix.ENOTTY, "not a V4L2 device"},
		{t.TempDir(), unix.EISDIR, "open: is a directory (EISDIR)"},
	} {
		d, err := Open(c.path)
		if err == nil {
			d.Close()
		}
		if !errors.Is(err, c.errno) || !strings.Contains(err.Error(), c.text) || !strings.HasPrefix(err.Error(), c.path+": ") {
			t.Errorf("%s: error %v, want %v with %q", c.path, err, c.errno, c.text)
		}
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files open, %d before", after, before)
	}
}

func TestErrorText(t *testing.T) {
	for _, c := range []struct {
		op    string
		errno unix.Errno
		want  string
	}{
		{"STREAMON", unix.ENOSPC, "/dev/video7: STREAMON: no USB bandwidth left (ENOSPC); lower the resolution or choose mjpeg"},
		{"open", unix.EACCES, "/dev/video7: open: permission denied (EACCES); add edged's user to the group video"},
		{"S_FMT", unix.EBUSY, "/dev/video7: S_FMT: in use by another program (EBUSY); find it with `fuser -v /dev/video7` and stop it"},
		{"DQBUF", unix.ENODEV, "/dev/video7: DQBUF: the camera was unplugged (ENODEV); plug it in again"},
		{"G_FMT", unix.EDOM, "/dev/video7: G_FMT: numerical argument out of domain (EDOM)"},
	} {
		if got := (&Error{Path: "/dev/video7", Op: c.op, Err: c.errno}).Error(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// A container has no group video of its own that would help: the number counts.
func TestErrorTextInAContainer(t *testing.T) {
	t.Setenv(incontainer.Variable, "oci")
	node := filepath.Join(t.TempDir(), "video0")
	if err := os.WriteFile(node, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	group := "44" // where nobody but root owns it
	if err := os.Chown(node, -1, 105); err == nil {
		group = "105"
	}
	want := node + ": open: permission denied (EACCES); start the container with --device " + node + " --group-add " + group + " (docs/docker.md)"
	if got := (&Error{Path: node, Op: "open", Err: unix.EACCES}).Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A device that refuses every ioctl is as good as none, but must not cost anything: no allocation per call, nothing left open.
func TestStreamingCallsOnNoCamera(t *testing.T) {
	fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := &Device{Path: "/dev/null", fd: fd}
	if err := d.Start(4); !errors.Is(err, unix.ENOTTY) || !strings.Contains(err.Error(), "REQBUFS") {
		t.Errorf("Start: error %v, want ENOTTY from REQBUFS", err)
	}
	if formats, err := d.Formats(); !errors.Is(err, unix.ENOTTY) || !strings.Contains(err.Error(), "ENUM_FMT") {
		t.Errorf("Formats: %v, error %v; want ENOTTY from ENUM_FMT", formats, err)
	}
	if err := d.CheckCamera(); !errors.Is(err, ErrNoCamera) {
		t.Errorf("Camera: error %v, want ErrNoCamera", err)
	}
	if sizes := d.Sizes(0); len(sizes) != 0 {
		t.Errorf("Sizes: %v", sizes)
	}
	var b Buffer
	if n := testing.AllocsPerRun(100, func() { dequeueBuffer(fd, &b); queueBuffer(fd, 0) }); n != 0 {
		t.Errorf("%v allocations for a buffer's two calls, want 0", n)
	}
	if err := d.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := unix.Close(fd); err != unix.EBADF {
		t.Errorf("the device was left open (%v)", err)
	}
}

func TestNodesAndState(t *testing.T) {
	dir := t.TempDir()
	defer func(old string) { nodePattern = old }(nodePattern)
	nodePattern = filepath.Join(dir, "video*")
	if state := State(); state != "" || len(Nodes()) != 0 {
		t.Errorf("no nodes: state %q, nodes %q", state, Nodes())
	}
	for _, name := range []string{"video10", "video2", "video0", "vbi0"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{filepath.Join(dir, "video0"), filepath.Join(dir, "video2"), filepath.Join(dir, "video10")}
	if got := Nodes(); !slices.Equal(got, want) {
		t.Errorf("nodes %q, want %q", got, want)
	}
	all := State()
	if err := os.Remove(want[1]); err != nil {
		t.Fatal(err)
	}
	if State() == all {
		t.Error("a node went, and State is the same")
	}
}
