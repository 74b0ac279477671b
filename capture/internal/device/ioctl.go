package device

// The calls for which go4vl v0.3.0 cannot be used:
//   - Its errors for buffers and streaming lose the errno: ENODEV, EIO and ENOMEM become one "system error".
//   - It leaks mappings when one of several fails.
//   - Its buffer type reads beyond the kernel's structure into a Go pointer.
//   - Its frame intervals are off by one field when they are a range.
//   - It passes addresses in a way that the Go runtime does not allow (see growStack). That is a risk to take once at set-up, but not
//     thirty times a second.
//
// The structures are the C header's own, so their layout is right on every architecture.

/*
#include <linux/videodev2.h>
*/
import "C"

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl repeats the call until no signal interrupts it. It returns 0 or the errno.
//
// No call is a raw one, not even QBUF and DQBUF thirty times a second. A driver whose buffers share a lock with its settings holds
// the lock for as long as USB takes to answer. All of Go would stand still for so long.
func ioctl(fd int, request uintptr, arg unsafe.Pointer) unix.Errno {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
		if errno != unix.EINTR {
			return errno
		}
	}
}

// gone reports whether the device behind fd has been unplugged.
func gone(fd int) bool {
	var capability C.struct_v4l2_capability
	errno := ioctl(fd, C.VIDIOC_QUERYCAP, unsafe.Pointer(&capability))
	return errno == unix.ENODEV || errno == unix.ENXIO
}

func getInput(fd int) unix.Errno {
	var input C.int
	return ioctl(fd, C.VIDIOC_G_INPUT, unsafe.Pointer(&input))
}

// requestBuffers asks for n buffers and returns how many there are; 0 frees them all.
func requestBuffers(fd, n int) (int, unix.Errno) {
	r := C.struct_v4l2_requestbuffers{count: C.__u32(n), _type: C.V4L2_BUF_TYPE_VIDEO_CAPTURE, memory: C.V4L2_MEMORY_MMAP}
	errno := ioctl(fd, C.VIDIOC_REQBUFS, unsafe.Pointer(&r))
	return int(r.count), errno
}

// queryBuffer returns a buffer's offset for mmap, and its length.
func queryBuffer(fd, index int) (offset int64, length int, errno unix.Errno) {
	b := newBuffer(index)
	errno = ioctl(fd, C.VIDIOC_QUERYBUF, unsafe.Pointer(&b))
	return int64(*(*C.__u32)(unsafe.Pointer(&b.m))), int(b.length), errno
}

func queueBuffer(fd, index int) unix.Errno {
	b := newBuffer(index)
	return ioctl(fd, C.VIDIOC_QBUF, unsafe.Pointer(&b))
}

// dequeueBuffer fills in all of buf. The caller reuses buf, so that nothing is allocated.
func dequeueBuffer(fd int, buf *Buffer) unix.Errno {
	b := newBuffer(0)
	errno := ioctl(fd, C.VIDIOC_DQBUF, unsafe.Pointer(&b))
	if errno != 0 {
		return errno
	}
	flags := uint32(b.flags)
	*buf = Buffer{
		Index:    int(b.index),
		Used:     int(b.bytesused),
		Sequence: uint32(b.sequence),
		Damaged:  flags&C.V4L2_BUF_FLAG_ERROR != 0,
	}
	if flags&C.V4L2_BUF_FLAG_TIMESTAMP_MASK == C.V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC {
		buf.Time = time.Duration(b.timestamp.tv_sec)*time.Second + time.Duration(b.timestamp.tv_usec)*time.Microsecond
	}
	return 0
}

func newBuffer(index int) C.struct_v4l2_buffer {
	return C.struct_v4l2_buffer{index: C.__u32(index), _type: C.V4L2_BUF_TYPE_VIDEO_CAPTURE, memory: C.V4L2_MEMORY_MMAP}
}

func streamOn(fd int) unix.Errno {
	kind := C.int(C.V4L2_BUF_TYPE_VIDEO_CAPTURE)
	return ioctl(fd, C.VIDIOC_STREAMON, unsafe.Pointer(&kind))
}

func streamOff(fd int) unix.Errno {
	kind := C.int(C.V4L2_BUF_TYPE_VIDEO_CAPTURE)
	return ioctl(fd, C.VIDIOC_STREAMOFF, unsafe.Pointer(&kind))
}

// frameRates returns one entry of the list of rates, in frames per second, that a format and size have: one rate, or if ranged the two
// ends of a range. EINVAL means that the list has no such entry.
func frameRates(fd int, fourcc uint32, width, height, index int) (least, most float64, ranged bool, errno unix.Errno) {
	e := C.struct_v4l2_frmivalenum{index: C.__u32(index), pixel_format: C.__u32(fourcc), width: C.__u32(width), height: C.__u32(height)}
	if errno = ioctl(fd, C.VIDIOC_ENUM_FRAMEINTERVALS, unsafe.Pointer(&e)); errno != 0 {
		return 0, 0, false, errno
	}
	// A union: one interval, or the shortest and the longest.
	intervals := (*[2]C.struct_v4l2_fract)(unsafe.Pointer(&e.anon0))
	most = perSecond(intervals[0])
	if e._type == C.V4L2_FRMIVAL_TYPE_DISCRETE {
		return most, most, false, 0
	}
	return perSecond(intervals[1]), most, true, 0
}

func perSecond(interval C.struct_v4l2_fract) float64 {
	if interval.numerator == 0 {
		return 0
	}
	return float64(interval.denominator) / float64(interval.numerator)
}
