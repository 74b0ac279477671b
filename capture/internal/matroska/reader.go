// Package matroska reads the one thing that edged asks ffmpeg to write: a Matroska stream of a single track of raw video.
// It is how frames come with their own times through a pipe (RFC 8794, EBML; RFC 9559, Matroska).
package matroska

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// Element IDs, RFC 9559 section 5.1.
const (
	idSegment        = 0x18538067
	idInfo           = 0x1549a966
	idTimestampScale = 0x2ad7b1
	idTracks         = 0x1654ae6b
	idTrackEntry     = 0xae
	idVideo          = 0xe0
	idPixelWidth     = 0xb0
	idPixelHeight    = 0xba
	idCluster        = 0x1f43b675
	idTimestamp      = 0xe7
	idSimpleBlock    = 0xa3
	idBlockGroup     = 0xa0
	idBlock          = 0xa1
)

// maxBlock bounds a frame in bytes; 8192x8192 pixels 4:2:0 are less.
const maxBlock = 128 << 20

// Reader reads frames.
type Reader struct {
	Width, Height int // of the video; set with the first frame

	r       *bufio.Reader
	scale   time.Duration // of one unit of time
	cluster time.Duration // what blocks' times are relative to
	block   []byte
}

// NewReader makes a Reader over a stream; nothing is read yet.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 64<<10), scale: time.Millisecond}
}

// Next returns the next frame's bytes, valid until the next call, and its presentation time. The error is io.EOF after the
// last frame.
func (r *Reader) Next() ([]byte, time.Duration, error) {
	for {
		id, size, err := r.element()
		if errors.Is(err, io.EOF) {
			return nil, 0, io.EOF
		}
		if err != nil {
			return nil, 0, fmt.Errorf("matroska: %w", err)
		}
		if id == idSimpleBlock || id == idBlock {
			return r.readBlock(size)
		}
		if err := r.take(id, size); err != nil {
			return nil, 0, fmt.Errorf("matroska: element %#x: %w", id, err)
		}
	}
}

// take enters, reads or skips one element.
func (r *Reader) take(id uint32, size int64) (err error) {
	var n uint64
	switch id {
	case idSegment, idInfo, idTracks, idTrackEntry, idVideo, idCluster, idBlockGroup:
		return nil // what it holds follows
	case idTimestampScale:
		n, err = r.unsigned(size)
		r.scale = time.Duration(n)
	case idTimestamp:
		n, err = r.unsigned(size)
		r.cluster = time.Duration(n) * r.scale
	case idPixelWidth:
		n, err = r.unsigned(size)
		r.Width = int(n)
	case idPixelHeight:
		n, err = r.unsigned(size)
		r.Height = int(n)
	default:
		if size < 0 {
			return errors.New("unknown size")
		}
		err = r.skip(size)
	}
	return unexpected(err)
}

// skip reads over size bytes, of which Discard takes at most 31 bits' worth at a time everywhere.
func (r *Reader) skip(size int64) error {
	for size > 0 {
		n, err := r.r.Discard(int(min(size, math.MaxInt32)))
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}

func (r *Reader) readBlock(size int64) ([]byte, time.Duration, error) {
	if size < 4 || size > maxBlock {
		return nil, 0, fmt.Errorf("matroska: frame of %d bytes", size)
	}
	if err := r.fill(int(size)); err != nil {
		return nil, 0, fmt.Errorf("matroska: frame of %d bytes: %w", size, unexpected(err))
	}
	// Section 10.2: track number (one byte below 128), time relative to the cluster, flags with the lacing in bits 1 and 2.
	if r.block[0] != 0x81 || r.block[3]&0x06 != 0 {
		return nil, 0, fmt.Errorf("matroska: a second track or laced frames (%x)", r.block[:4])
	}
	relative := int16(binary.BigEndian.Uint16(r.block[1:]))
	return r.block[4:], r.cluster + time.Duration(relative)*r.scale, nil
}

// fill reads size bytes into the block. Its memory grows with what comes, not on the stream's word.
func (r *Reader) fill(size int) error {
	for have := 0; have < size; {
		n := min(size, max(cap(r.block), 2*have, 64<<10))
		r.block = slices.Grow(r.block[:have], n-have)[:n]
		if _, err := io.ReadFull(r.r, r.block[have:]); err != nil {
			return err
		}
		have = n
	}
	return nil
}

// element reads an element's ID and size; -1 is an unknown size. io.EOF means that the stream ended before it.
func (r *Reader) element() (id uint32, size int64, err error) {
	first, err := r.r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	length := 1
	for mask := byte(0x80); first&mask == 0; mask >>= 1 {
		if length++; length > 4 {
			return 0, 0, fmt.Errorf("no element where one must start (%#x)", first)
		}
	}
	id = uint32(first)
	for range length - 1 {
		b, err := r.r.ReadByte()
		if err != nil {
			return 0, 0, unexpected(err)
		}
		id = id<<8 | uint32(b)
	}
	size, err = r.size()
	return id, size, unexpected(err)
}

// size reads a variable-length number: the position of its first set bit is its length in bytes, all others set is unknown.
func (r *Reader) size() (int64, error) {
	first, err := r.r.ReadByte()
	if err != nil {
		return 0, err
	}
	length, mask := 1, byte(0x80)
	for ; first&mask == 0; mask >>= 1 {
		if length++; length > 8 {
			return 0, errors.New("size of more than 8 bytes")
		}
	}
	n := int64(first &^ mask)
	for range length - 1 {
		b, err := r.r.ReadByte()
		if err != nil {
			return 0, err
		}
		n = n<<8 | int64(b)
	}
	if n == 1<<(7*length)-1 {
		return -1, nil
	}
	return n, nil
}

func (r *Reader) unsigned(size int64) (n uint64, err error) {
	if size < 0 || size > 8 {
		return 0, fmt.Errorf("number of %d bytes", size)
	}
	for range size {
		b, err := r.r.ReadByte()
		if err != nil {
			return 0, err
		}
		n = n<<8 | uint64(b)
	}
	return n, nil
}

// unexpected turns the stream's end into an error where more must come.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
