// Package device speaks to V4L2 capture devices: it lists what they offer, sets their mode, and exchanges buffers with them.
//
// Set-up uses go4vl's v4l2 package. Buffers and streaming use ioctls of our own; ioctl.go says why. A Device belongs to one
// goroutine. Only Interrupt may be called from others.
package device

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vladimirvivien/go4vl/v4l2"
	"golang.org/x/sys/unix"

	"edged/capture/internal/wait"
)

// Device is an open V4L2 node that can capture and stream.
type Device struct {
	Path string
	Card string // the camera's name, for people
	USB  bool   // the camera shares a USB bus

	fd      int
	frames  *wait.FD // while it streams
	buffers [][]byte
}

// Open opens the node and checks that it is a camera: single-planar capture, streaming.
func Open(path string) (*Device, error) {
	capability, fd, err := open(path)
	if err != nil {
		return nil, err
	}
	d := &Device{Path: path, Card: capability.Card, USB: strings.HasPrefix(capability.BusInfo, "usb-"), fd: fd}
	if err := checkCapability(capability); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("%s (%s): %w", path, capability.Card, err)
	}
	return d, nil
}

// open opens any V4L2 node.
func open(path string) (v4l2.Capability, int, error) {
	growStack()
	fd, err := v4l2.OpenDevice(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return v4l2.Capability{}, -1, wrap(path, -1, "open", err)
	}
	capability, err := v4l2.GetCapability(fd)
	if err != nil {
		err = wrap(path, int(fd), "QUERYCAP", err)
		unix.Close(int(fd))
		return capability, -1, err
	}
	return capability, int(fd), nil
}

// checkCapability returns why a node is not a camera that this package can use, or nil. A camera has more nodes than one (metadata,
// encoders). Only device_caps tells them apart: capabilities are those of all the nodes together.
func checkCapability(c v4l2.Capability) error {
	caps := c.GetCapabilities()
	switch {
	case caps&v4l2.CapVideoCapture != 0 && caps&v4l2.CapStreaming != 0:
		return nil
	case caps&v4l2.CapVideoCapture != 0:
		return fmt.Errorf("no streaming (device_caps %08x): edged reads only cameras with mmap buffers", caps)
	case caps&v4l2.CapVideoCaptureMPlane != 0:
		return fmt.Errorf("multi-planar capture only (device_caps %08x), which edged does not read", caps)
	}
	return fmt.Errorf("%w (device_caps %08x): try the device's other nodes", ErrNoCamera, caps)
}

// ErrNoCamera is the error for a node of something else: a camera's metadata, a codec, an image processor.
var ErrNoCamera = errors.New("not a camera")

// CheckCamera returns why a node that captures is no camera, or nil. V4L2 demands of every camera that it has an input. An image
// processor, such as the Raspberry Pi's bcm2835-isp, captures and streams like a camera, but waits for ever for pictures that
// somebody must send it.
func (d *Device) CheckCamera() error {
	errno := getInput(d.fd)
	if errno == unix.ENOTTY {
		return fmt.Errorf("%w: it has no input (G_INPUT)", ErrNoCamera)
	}
	if errno != 0 {
		return d.errorOf("G_INPUT", errno)
	}
	return nil
}

// closeDelay is how long the kernel may take to clean up after a device that is gone. Linux 6.1 may crash if the node is closed
// before that (an oops in ida_free, called by v4l2_release), and the closing thread dies with it.
const closeDelay = 200 * time.Millisecond

// Close stops streaming, frees the buffers and closes the node. The memory that Memory returned must not be used afterwards.
func (d *Device) Close() error {
	err := d.Stop()
	if gone(d.fd) {
		time.Sleep(closeDelay)
	}
	if cerr := unix.Close(d.fd); err == nil && cerr != nil {
		err = &Error{Path: d.Path, Op: "close", Err: cerr}
	}
	return err
}

// growStack makes the goroutine's stack so large that it does not move during a go4vl call. go4vl passes the address of a local
// variable to the kernel as a plain integer, through two more calls. If one of them moved the stack, the kernel would write to the
// old place.
//
//go:noinline
func growStack() {
	var room [16 << 10]byte
	touch(&room)
}

//go:noinline
func touch(*[16 << 10]byte) {}
