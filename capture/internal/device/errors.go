package device

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/vladimirvivien/go4vl/v4l2"
	"golang.org/x/sys/unix"

	"edged/internal/incontainer"
)

// Error is a failed call on a device. It unwraps to the errno.
type Error struct {
	Path string
	Op   string // the ioctl without its VIDIOC_ prefix, or the system call
	Err  error
}

func (e *Error) Error() string {
	var errno unix.Errno
	if !errors.As(e.Err, &errno) {
		return fmt.Sprintf("%s: %s: %v", e.Path, e.Op, e.Err)
	}
	what, remedy := explain(e.Path, e.Op, errno)
	if what == "" {
		what = errno.Error()
	}
	if remedy != "" {
		remedy = "; " + remedy
	}
	return fmt.Sprintf("%s: %s: %s (%s)%s", e.Path, e.Op, what, unix.ErrnoName(errno), remedy)
}

func (e *Error) Unwrap() error { return e.Err }

// explain returns what an errno means for a camera, if that differs from the general text, and what helps.
func explain(path, op string, errno unix.Errno) (what, remedy string) {
	switch errno {
	case unix.ENODEV, unix.ENXIO:
		return "the camera was unplugged", "plug it in again"
	case unix.ENOENT:
		return "no such camera", "plug it in, or choose one that `edged probe` lists"
	case unix.EACCES, unix.EPERM:
		return "permission denied", mayOpen(path)
	case unix.EBUSY:
		return "in use by another program", "find it with `fuser -v " + path + "` and stop it"
	case unix.ENOTTY:
		if op == "QUERYCAP" {
			return "not a V4L2 device", "choose one that `edged probe` lists"
		}
	case unix.ENOSPC:
		return "no USB bandwidth left", "lower the resolution or choose mjpeg"
	case unix.ENOMEM:
		return "no memory for frame buffers", "lower the resolution"
	case unix.EIO, unix.EPROTO:
		return "the camera gives wrong answers", "try another port or cable"
	case unix.ETIMEDOUT:
		return "no frame from the camera", "try another port or cable, or a lower rate"
	}
	return "", ""
}

// mayOpen says what gives edged the right to open the node.
func mayOpen(path string) string {
	if !incontainer.Is() {
		return "add edged's user to the group " + group(path)
	}
	return fmt.Sprintf("start the container with --device %s --group-add %s (docs/docker.md)", path, groupNumber(path))
}

// groupNumber is that of the group that owns the node; 44, Debian's for cameras, if it cannot be found out.
func groupNumber(path string) string {
	if info, err := os.Stat(path); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Gid != 0 {
			return strconv.Itoa(int(stat.Gid))
		}
	}
	return "44"
}

// group returns the name of the group that owns the node; "video" if the name cannot be found out.
func group(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "video"
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "video"
	}
	g, err := user.LookupGroupId(strconv.Itoa(int(stat.Gid)))
	if err != nil || g.Name == "root" {
		return "video"
	}
	return g.Name
}

// wrap makes an Error of a go4vl call's error. go4vl replaces most errnos by its own values. With fd, if there is one, wrap asks the
// device whether it is still there.
func wrap(path string, fd int, op string, err error) error {
	var errno unix.Errno
	switch {
	case errors.As(err, &errno):
		err = errno
	case errors.Is(err, v4l2.ErrorBadArgument):
		err = unix.EINVAL
	case errors.Is(err, v4l2.ErrorUnsupported):
		err = unix.ENOTTY
	case errors.Is(err, v4l2.ErrorSystem):
		err = unix.EIO
		if fd >= 0 && gone(fd) {
			err = unix.ENODEV
		}
	}
	return &Error{Path: path, Op: op, Err: err}
}
