// Package device speaks to V4L2 capture devices: what they offer, what they are set to, and their buffers.
//
// Set-up goes through go4vl's v4l2 package. Buffers and streaming go through ioctls of our own (ioctl.go), for reasons given
// there. A Device belongs to one goroutine; only Interrupt may be called from others.
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
	Card string // the camera's name for people
	USB  bool   // it shares a bus

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
	if err := captures(capability); err != nil {
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

// captures says why a node is not a camera that this package can use. A camera has more nodes than one (metadata, encoders),
// and only device_caps tells them apart: capabilities are those of all the nodes together.
func captures(c v4l2.Capability) error {
	caps := c.GetCapabilities()
	switch {
	case caps&v4l2.CapVideoCapture != 0 && caps&v4l2.CapStreaming != 0:
		return nil
	case caps&v4l2.CapVideoCapture != 0:
		return fmt.Errorf("no streaming (device_caps %08x): only cameras with mmap buffers are read", caps)
	case caps&v4l2.CapVideoCaptureMPlane != 0:
		return fmt.Errorf("multi-planar capture only (device_caps %08x), which edged does not read", caps)
	}
	return fmt.Errorf("%w (device_caps %08x): try the device's other nodes", ErrNoCamera, caps)
}

// ErrNoCamera is what a node of something else is: of a camera's metadata, a codec, an image processor.
var ErrNoCamera = errors.New("not a camera")

// Camera says why a node that captures need not be one. V4L2 asks of every camera that it has an input. An image processor, as the
// Raspberry Pi's bcm2835-isp, captures and streams like one, and waits for ever for pictures that somebody gives it.
func (d *Device) Camera() error {
	errno := getInput(d.fd)
	if errno == unix.ENOTTY {
		return fmt.Errorf("%w: it has no input (G_INPUT)", ErrNoCamera)
	}
	if errno != 0 {
		return d.failed("G_INPUT", errno)
	}
	return nil
}

// farewell is how long the kernel may take to be done with a device that is gone: Linux 6.1 may crash where it is closed just
// then (an oops in ida_free, by v4l2_release), and the thread that closes it is no more.
const farewell = 200 * time.Millisecond

// Close ends streaming if it is on, frees the buffers and closes the node: no memory that Memory returned may be touched
// afterwards.
func (d *Device) Close() error {
	err := d.Stop()
	if gone(d.fd) {
		time.Sleep(farewell)
	}
	if cerr := unix.Close(d.fd); err == nil && cerr != nil {
		err = &Error{Path: d.Path, Op: "close", Err: cerr}
	}
	return err
}

// growStack makes the goroutine's stack large enough not to be moved during a go4vl call. go4vl hands the address of a local
// variable to the kernel as a plain integer, through two more calls: if one of them had to move the stack, the kernel would
// write to where it used to be.
//
//go:noinline
func growStack() {
	var room [16 << 10]byte
	touch(&room)
}

//go:noinline
func touch(*[16 << 10]byte) {}
