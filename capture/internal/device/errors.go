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

// explain says what an errno means for a camera, where that differs from the general text, and what helps.
func explain(path, op string, errno unix.Errno) (what, remedy string) {
	switch errno {
	case unix.ENODEV, unix.ENXIO:
		return "camera went away", "plug it in again"
	case unix.ENOENT:
		return "no such camera", "plug it in, or see `edged probe` for those that are there"
	case unix.EACCES, unix.EPERM:
		return "permission denied", "add the user that runs edged to the group " + group(path)
	case unix.EBUSY:
		return "in use by another program", "find it with `fuser -v " + path + "` and stop it"
	case unix.ENOTTY:
		if op == "QUERYCAP" {
			return "not a V4L2 device", "see `edged probe` for those that are there"
		}
	case unix.ENOSPC:
		return "no USB bandwidth left", "lower the resolution or choose mjpeg"
	case unix.ENOMEM:
		return "no memory for frame buffers", "lower the resolution"
	case unix.EIO, unix.EPROTO:
		return "the camera does not answer as it should", "try another port or cable"
	case unix.ETIMEDOUT:
		return "no frame from the camera", "try another port or cable, or a lower rate"
	}
	return "", ""
}

// group is the one that owns the node; "video" where it has no name or is not there to be asked.
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

// wrap makes an Error of what a go4vl call returned. go4vl replaces most errnos by its own values; fd, where there is one,
// lets us ask again whether the device is still there.
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
