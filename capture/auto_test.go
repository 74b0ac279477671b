package capture

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"edged/capture/internal/device"
)

func TestFirstOf(t *testing.T) {
	fails := func(path, op string, errno unix.Errno) error { return &device.Error{Path: path, Op: op, Err: errno} }
	busy := fails("/dev/video0", "S_FMT", unix.EBUSY)
	full := fails("/dev/video1", "STREAMON", unix.ENOSPC)
	metadata := fmt.Errorf("/dev/video2 (Cam): %w (device_caps 04a00000)", device.ErrNoCamera)
	raw := errors.New("/dev/video0 (unicam): no format that edged reads")
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
			"no usable camera: " + busy.Error() + "; " + full.Error()},
		{"nodes of other things", []error{metadata, metadata}, "", "", unix.ENODEV, "no camera: none of the 2 nodes /dev/video* is a camera (no such device); `edged probe` says why"},
		{"a camera of other formats", []error{raw, metadata}, "", "", unix.ENODEV, "no usable camera (no such device): " + raw.Error()},
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
		if err != nil && !strings.HasPrefix(err.Error(), c.text) || strings.Count(fmt.Sprint(err), "not a camera") > 0 {
			t.Errorf("%s: error %q, want %q and nothing of what is no camera", c.name, err, c.text)
		}
		if err != nil && errors.Is(c.want, unix.ENODEV) && FailureOf(err) != Unplugged {
			t.Errorf("%s: counted as %v", c.name, FailureOf(err))
		}
	}
}
