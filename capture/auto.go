package capture

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"edged/capture/internal/device"
)

// streaming is a started device, in the mode that its driver chose.
type streaming struct {
	*device.Device
	mode device.Mode
}

// firstOf starts the first of the nodes that can be started and says why those before it could not. That a camera is in use
// shows only then: V4L2 lets any number of programs open it. Where none starts, the error is of all the reasons.
func firstOf(nodes []string, start func(path string) (streaming, error)) (streaming, reasons, error) {
	var passed reasons
	for _, path := range nodes {
		c, err := start(path)
		if err == nil {
			return c, passed, nil
		}
		passed = append(passed, err)
	}
	if len(passed) == 0 {
		return streaming{}, nil, fmt.Errorf("no camera: there is no /dev/video* (%w)", unix.ENODEV)
	}
	return streaming{}, nil, fmt.Errorf("no usable camera: %w", passed)
}

// reasons is several errors on one line.
type reasons []error

func (r reasons) Error() string {
	texts := make([]string, len(r))
	for i, err := range r {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (r reasons) Unwrap() []error { return r }
