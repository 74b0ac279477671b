// Package mjpeg cuts a stream of JPEG pictures, one after the other, into the pictures.
package mjpeg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxPicture bounds one picture, in bytes, and with it the memory a Splitter can take.
const MaxPicture = 16 << 20

// Markers of ITU-T T.81, table B.1.
const (
	markerTEM  = 0x01
	markerRST0 = 0xd0
	markerRST7 = 0xd7
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
)

// Splitter reads pictures from a stream. Whatever lies between them (padding, multipart headers) is skipped.
type Splitter struct {
	r    io.Reader
	buf  []byte // buf[:end] has been read
	next int    // where the picture handed out last ended
	end  int
	err  error // what the reader ended with
}

// NewSplitter makes a Splitter over r.
func NewSplitter(r io.Reader) *Splitter { return &Splitter{r: r, buf: make([]byte, 64<<10)} }

// Next returns the next picture, from its SOI to its EOI marker; it is valid until the next call. One that is cut off, by the
// next picture or by the stream's end, is returned as far as it goes: its reader will find it broken. The error is io.EOF
// after the last picture, the reader's own, or says that a picture is too large.
func (s *Splitter) Next() ([]byte, error) {
	copy(s.buf, s.buf[s.next:s.end])
	s.end -= s.next
	s.next = 0
	if err := s.skipToStart(); err != nil {
		return nil, err
	}
	n, err := s.measure()
	if err != nil {
		return nil, err
	}
	s.next = n
	return s.buf[:n], nil
}

// skipToStart brings the next SOI marker to the front of the buffer.
func (s *Splitter) skipToStart() error {
	soi := []byte{0xff, markerSOI, 0xff}
	for {
		if i := bytes.Index(s.buf[:s.end], soi); i >= 0 {
			copy(s.buf, s.buf[i:s.end])
			s.end -= i
			return nil
		}
		// The marker's first two bytes may be the last that were read.
		keep := min(s.end, len(soi)-1)
		copy(s.buf, s.buf[s.end-keep:s.end])
		s.end = keep
		if ok, err := s.fill(keep + 1); !ok {
			return err
		}
	}
}

// measure returns the length of the picture at the front of the buffer. It walks from segment to segment, because thumbnails
// inside of one carry markers of their own.
func (s *Splitter) measure() (int, error) {
	for pos := 2; ; {
		marker, at, err := s.marker(pos)
		if err != nil {
			return s.cut(err)
		}
		switch {
		case marker == 0 || marker == markerSOI:
			return at, nil // not JPEG any more, or the next picture
		case marker == markerEOI:
			return at + 2, nil
		case marker >= markerRST0 && marker <= markerRST7 || marker == markerTEM:
			pos = at + 2
			continue
		}
		if ok, err := s.fill(at + 4); !ok {
			return s.cut(err)
		}
		pos = at + 2 + int(s.buf[at+2])<<8 + int(s.buf[at+3])
		if marker == markerSOS {
			if pos, err = s.endOfScan(pos); err != nil {
				return s.cut(err)
			}
		}
	}
}

// cut ends a picture where the stream ends.
func (s *Splitter) cut(err error) (int, error) {
	if errors.Is(err, io.EOF) {
		return s.end, nil
	}
	return 0, err
}

// marker returns the marker at pos, which fill bytes of 0xff may precede, and its place. It is 0 where there is none.
func (s *Splitter) marker(pos int) (marker byte, at int, err error) {
	for {
		if ok, err := s.fill(pos + 2); !ok {
			return 0, 0, err
		}
		if s.buf[pos] != 0xff {
			return 0, pos, nil
		}
		if s.buf[pos+1] != 0xff {
			return s.buf[pos+1], pos, nil
		}
		pos++
	}
}

// endOfScan returns the place of the first marker after entropy-coded data that is neither a stuffed zero nor a restart.
func (s *Splitter) endOfScan(pos int) (int, error) {
	for {
		if ok, err := s.fill(pos + 2); !ok {
			return 0, err
		}
		i := bytes.IndexByte(s.buf[pos:s.end-1], 0xff)
		if i < 0 {
			pos = s.end - 1
			continue
		}
		pos += i
		if m := s.buf[pos+1]; m != 0 && m != 0xff && (m < markerRST0 || m > markerRST7) {
			return pos, nil
		}
		pos++
	}
}

// fill reads until the buffer holds n bytes. When the stream has fewer it returns false and why.
func (s *Splitter) fill(n int) (bool, error) {
	if n > MaxPicture {
		return false, fmt.Errorf("mjpeg: picture of more than %d bytes", MaxPicture)
	}
	for s.end < n {
		if s.err != nil {
			return false, s.err
		}
		if s.end == len(s.buf) {
			s.buf = append(s.buf, make([]byte, len(s.buf))...)
		}
		var k int
		k, s.err = s.r.Read(s.buf[s.end:])
		s.end += k
	}
	return true, nil
}
