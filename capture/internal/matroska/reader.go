// Package matroska reads a Matroska stream with raw video or JPEGs, which carries frames with their own times through a pipe (RFC
// 8794, EBML; RFC 9559, Matroska). edged asks ffmpeg to write such a stream, and a camera's command may write one.
package matroska

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"edged/capture/picture"
)

// Element IDs around the tracks, RFC 9559, section 5.1.
const (
	idSegment        = 0x18538067
	idInfo           = 0x1549a966
	idTimestampScale = 0x2ad7b1
	idTracks         = 0x1654ae6b
	idCluster        = 0x1f43b675
	idTimestamp      = 0xe7
	idSimpleBlock    = 0xa3
	idBlockGroup     = 0xa0
	idBlock          = 0xa1
)

// maxBlock bounds a frame in bytes. 8192x8192 pixels 4:2:0 are less.
const maxBlock = 128 << 20

// Reader reads the frames of a stream's first video track that edged decodes.
type Reader struct {
	picture.Format // of the frames; set with the first frame
	// Unit, where it is not 0, is the length of one unit of time, whatever the stream says.
	Unit time.Duration

	scanner
	tracks  []track
	chosen  *track        // nil: not chosen yet
	scale   time.Duration // of one unit of time
	cluster time.Duration // what blocks' times are relative to
	block   []byte
}

// NewReader makes a Reader over a stream; nothing is read yet.
func NewReader(r io.Reader) *Reader {
	return &Reader{scanner: scanner{bufio.NewReaderSize(r, 64<<10)}, scale: time.Millisecond}
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
			data, t, err := r.readBlock(size)
			if err != nil {
				return nil, 0, fmt.Errorf("matroska: %w", err)
			}
			if data != nil {
				return data, t, nil
			}
			continue
		}
		if err := r.take(id, size); err != nil {
			return nil, 0, fmt.Errorf("matroska: element %#x: %w", id, unexpected(err))
		}
	}
}

// take enters, reads or skips one element.
func (r *Reader) take(id uint32, size int64) (err error) {
	var n uint64
	switch id {
	case idSegment, idInfo, idVideo, idColour, idProjection, idCluster, idBlockGroup:
		return nil // its elements follow
	case idTracks:
		r.tracks, r.chosen = r.tracks[:0], nil
		return nil
	case idTrackEntry:
		if len(r.tracks) == maxTracks {
			return fmt.Errorf("more than %d tracks", maxTracks)
		}
		r.tracks = append(r.tracks, track{matrix: 2})
		return nil
	case idTimestampScale:
		n, err = r.unsigned(size)
		r.scale = time.Duration(n)
		return err
	case idTimestamp:
		n, err = r.unsigned(size)
		r.cluster = time.Duration(n) * r.unit()
		return err
	}
	if last := len(r.tracks) - 1; last >= 0 && r.chosen == nil {
		if known, err := r.tracks[last].set(r.scanner, id, size); known {
			return err
		}
	}
	return r.skip(size)
}

// choose picks the track whose frames Next returns.
func (r *Reader) choose() error {
	var first error
	for i := range r.tracks {
		t := &r.tracks[i]
		if t.kind != isVideo {
			continue
		}
		format, err := t.format()
		if err == nil {
			r.Format, r.chosen = format, t
			return nil
		}
		if first == nil {
			first = err
		}
	}
	switch {
	case first != nil:
		return first
	case len(r.tracks) == 0:
		return errors.New("frames before the stream says what they are; the stream must be read from its beginning")
	}
	var held []string
	for _, t := range r.tracks {
		held = append(held, fmt.Sprintf("%q", t.codec))
	}
	return fmt.Errorf("%w: no video in the stream, only %s", ErrUnsupported, strings.Join(held, ", "))
}

// readBlock returns a block's frame, or nil if the block belongs to another track. Section 10.2: the track's number, the time
// relative to the cluster, flags with the lacing in bits 1 and 2.
func (r *Reader) readBlock(size int64) ([]byte, time.Duration, error) {
	if r.chosen == nil {
		if err := r.choose(); err != nil {
			return nil, 0, err
		}
	}
	if size < 4 || size > maxBlock {
		return nil, 0, fmt.Errorf("frame of %d bytes", size)
	}
	number, length, err := r.variable()
	if err != nil {
		return nil, 0, fmt.Errorf("frame of %d bytes: %w", size, unexpected(err))
	}
	size -= int64(length)
	if uint64(number) != r.chosen.number {
		return nil, 0, unexpected(r.skip(max(0, size)))
	}
	if size < 3 {
		return nil, 0, fmt.Errorf("frame of %d bytes", size)
	}
	if err := r.fill(int(size)); err != nil {
		return nil, 0, fmt.Errorf("frame of %d bytes: %w", size, unexpected(err))
	}
	if r.block[2]&0x06 != 0 {
		return nil, 0, fmt.Errorf("%w: several frames in one block (lacing)", ErrUnsupported)
	}
	data := r.block[3:]
	if err := r.measure(len(data)); err != nil {
		return nil, 0, err
	}
	return data, r.cluster + time.Duration(bigEndian16(r.block))*r.unit(), nil
}

// measure finds the stride of a raw frame that has more bytes than it needs. The decoder finds one that has fewer.
func (r *Reader) measure(size int) error {
	f := r.Format
	f.Stride = 0
	need := f.Bytes()
	if need == 0 || size <= need {
		r.Stride = 0
		return nil
	}
	stride, ok := padded(f, size)
	if !ok {
		return fmt.Errorf("%w: frames of %d bytes, where %v has %d", ErrUnsupported, size, f, need)
	}
	r.Stride = stride
	return nil
}

func (r *Reader) unit() time.Duration {
	if r.Unit != 0 {
		return r.Unit
	}
	return r.scale
}

// fill reads size bytes into the block. Its memory grows with what comes, not with what the stream announces.
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
