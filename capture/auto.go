package capture

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"edged/capture/internal/device"
	"edged/internal/incontainer"
)

// streaming is a started device and the mode that its driver chose.
type streaming struct {
	*device.Device
	mode device.Mode
}

// firstOf starts the first of the nodes that can be started. It also returns why those before it could not. Only starting shows that
// a camera is in use: V4L2 lets any number of programs open it. Where no node starts, the error is about the cameras alone: a
// Raspberry Pi has a dozen nodes of other things.
func firstOf(nodes []string, start func(path string) (streaming, error)) (streaming, reasons, error) {
	var passed reasons
	for _, path := range nodes {
		c, err := start(path)
		if err == nil {
			return c, passed, nil
		}
		passed = append(passed, err)
	}
	cameras := slices.DeleteFunc(slices.Clone(passed), func(err error) bool { return errors.Is(err, device.ErrNoCamera) })
	switch {
	case len(passed) == 0:
		return streaming{}, nil, fmt.Errorf("no camera: there is no /dev/video* (%w)%s", unix.ENODEV, passDevice())
	case len(cameras) == 0:
		return streaming{}, nil, fmt.Errorf("no camera: none of the %d nodes /dev/video* is a camera (%w); `edged probe` says why", len(passed), unix.ENODEV)
	case !errors.As(cameras, new(unix.Errno)):
		return streaming{}, nil, fmt.Errorf("no usable camera (%w): %w", unix.ENODEV, cameras)
	}
	return streaming{}, nil, fmt.Errorf("no usable camera: %w", cameras)
}

// passDevice is what helps in a container, which sees only the devices that it is given.
func passDevice() string {
	if incontainer.Is() {
		return "; start the container with --device /dev/video0, or choose another source (docs/docker.md)"
	}
	return ""
}

// reasons are several errors on one line.
type reasons []error

func (r reasons) Error() string {
	texts := make([]string, len(r))
	for i, err := range r {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (r reasons) Unwrap() []error { return r }
