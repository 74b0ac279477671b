package capture

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"edged/capture/internal/device"
)

func TestFirstOf(t *testing.T) {
	fails := func(path, op string, errno unix.Errno) error { return &device.Error{Path: path, Op: op, Err: errno} }
	busy := fails("/dev/video0", "S_FMT", unix.EBUSY)
	full := fails("/dev/video1", "STREAMON", unix.ENOSPC)
	metadata := errors.New("/dev/video2 (Cam): not a camera")
	for _, c := range []struct {
		name   string
		errs   []error // of starting the nodes in turn
		opened string  // the node that was started
		passed string
		want   error
		text   string
	}{
		{"the first", []error{nil, nil}, "/dev/video0", "", nil, ""},
		{"the first is busy", []error{busy, nil, nil}, "/dev/video1", busy.Error(), nil, ""},
		{"busy, then a full bus", []error{busy, full, nil}, "/dev/video2", busy.Error() + "; " + full.Error(), nil, ""},
		{"none starts", []error{busy, full, metadata}, "", "", unix.EBUSY,
			"no usable camera: " + busy.Error() + "; " + full.Error() + "; " + metadata.Error()},
		{"no node", nil, "", "", unix.ENODEV, "no camera: there is no /dev/video*"},
	} {
		nodes := []string{"/dev/video0", "/dev/video1", "/dev/video2"}[:len(c.errs)]
		started := 0
		got, passed, err := firstOf(nodes, func(path string) (streaming, error) {
			err := c.errs[started]
			started++
			if err != nil {
				return streaming{}, err
			}
			return streaming{Device: &device.Device{Path: path}}, nil
		})
		opened := ""
		if got.Device != nil {
			opened = got.Path
		}
		if opened != c.opened || passed.Error() != c.passed || !errors.Is(err, c.want) {
			t.Errorf("%s: opened %q, passed over %q, error %v; want %q, %q, %v", c.name, opened, passed, err, c.opened, c.passed, c.want)
		}
		if err != nil && (!strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: error %q, want %q on one line", c.name, err, c.text)
		}
	}
}
