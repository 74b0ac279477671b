package device

import (
	"time"

	"golang.org/x/sys/unix"

	"edged/capture/internal/wait"
)

// Buffer is driver memory for one frame. It belongs to the caller from Dequeue to Queue.
type Buffer struct {
	Index    int
	Used     int // bytes of picture
	Sequence uint32
	Damaged  bool          // the driver says that the picture is incomplete
	Time     time.Duration // CLOCK_MONOTONIC; 0 if the driver uses another clock or none
}

// Start asks for n buffers (the driver may give more or fewer, at least two), queues all of them and starts streaming. After an error,
// Stop or Close frees the buffers.
func (d *Device) Start(n int) error {
	n, errno := requestBuffers(d.fd, n)
	if errno == 0 && n < 2 {
		errno = unix.ENOMEM
	}
	if errno != 0 {
		return d.errorOf("REQBUFS", errno)
	}
	for i := range n {
		offset, length, errno := queryBuffer(d.fd, i)
		if errno != 0 {
			return d.errorOf("QUERYBUF", errno)
		}
		memory, err := unix.Mmap(d.fd, offset, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return &Error{Path: d.Path, Op: "mmap", Err: err}
		}
		d.buffers = append(d.buffers, memory)
	}
	for i := range n {
		if err := d.Queue(i); err != nil {
			return err
		}
	}
	if errno := streamOn(d.fd); errno != 0 {
		return d.errorOf("STREAMON", errno)
	}
	// Not before STREAMON: poll reports an error for a device that does not stream.
	var err error
	if d.frames, err = wait.New(d.fd, d.Path); err != nil {
		return &Error{Path: d.Path, Op: "poll", Err: err}
	}
	return nil
}

// Wait blocks until a frame is there, Interrupt is called, or the timeout is over. After Ready, Dequeue returns a frame or an error.
func (d *Device) Wait(timeout time.Duration) (wait.Event, error) {
	event, err := d.frames.Wait(timeout)
	if err != nil {
		return event, &Error{Path: d.Path, Op: "poll", Err: err}
	}
	return event, nil
}

// Interrupt ends the present Wait and all later ones. Any goroutine may call it between Start and Stop.
func (d *Device) Interrupt() { d.frames.Interrupt() }

// Stop stops streaming and frees the buffers. (If no buffer was mapped, the driver frees its own when the node is closed.) The memory
// that Memory returned must not be used afterwards. Stop goes through all its steps even if one fails, and returns the first error.
// An unplugged device is no error.
func (d *Device) Stop() error {
	if d.buffers == nil {
		return nil
	}
	var first error
	note := func(op string, errno unix.Errno) {
		if errno != 0 && errno != unix.ENODEV && first == nil {
			first = d.errorOf(op, errno)
		}
	}
	if d.frames != nil {
		d.frames.Close()
		d.frames = nil
	}
	note("STREAMOFF", streamOff(d.fd))
	for _, memory := range d.buffers {
		if err := unix.Munmap(memory); err != nil && first == nil {
			first = &Error{Path: d.Path, Op: "munmap", Err: err}
		}
	}
	d.buffers = nil
	_, errno := requestBuffers(d.fd, 0)
	note("REQBUFS", errno)
	return first
}

// Dequeue takes the oldest filled buffer from the driver.
func (d *Device) Dequeue(b *Buffer) error {
	if errno := dequeueBuffer(d.fd, b); errno != 0 {
		return d.errorOf("DQBUF", errno)
	}
	if b.Index >= len(d.buffers) || b.Used > len(d.buffers[b.Index]) {
		return d.errorOf("DQBUF", unix.EOVERFLOW)
	}
	return nil
}

// Queue gives a buffer back to the driver.
func (d *Device) Queue(index int) error {
	if errno := queueBuffer(d.fd, index); errno != 0 {
		return d.errorOf("QBUF", errno)
	}
	return nil
}

// Memory returns the picture in b. It is the driver's own memory, valid until Queue or Close.
func (d *Device) Memory(b *Buffer) []byte { return d.buffers[b.Index][:b.Used] }

func (d *Device) errorOf(op string, errno unix.Errno) error {
	return &Error{Path: d.Path, Op: op, Err: errno}
}
