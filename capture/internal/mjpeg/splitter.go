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

// Splitter reads pictures from a stream. It skips whatever lies between them: padding, the headers of multipart.
type Splitter struct {
	// Cut is set when the stream has ended in the middle of the picture that Next returned last.
	Cut bool

	r    io.Reader
	buf  []byte // buf[:end] has been read
	next int    // where the picture returned last ended
	end  int
	err  error // with which the reader ended
}

// NewSplitter makes a Splitter over r.
func NewSplitter(r io.Reader) *Splitter { return &Splitter{r: r, buf: make([]byte, 64<<10)} }

// Next returns the next picture, from its SOI to its EOI marker. It is valid until the next call. Of a picture that is cut off, by
// the next one or by the stream's end, Next returns what is there: a decoder will find it broken. The error is io.EOF
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

// skipToStart moves the next SOI marker to the front of the buffer.
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

// measure returns the length of the picture at the front of the buffer. It goes from segment to segment, because a thumbnail
// inside a segment has markers of its own.
func (s *Splitter) measure() (int, error) {
	for pos := 2; ; {
		marker, at, err := s.marker(pos)
		if err != nil {
			return s.cut(err)
		}
		switch {
		case marker == 0 || marker == markerSOI:
			return at, nil // no JPEG from here on, or the next picture
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
		s.Cut = true
		return s.end, nil
	}
	return 0, err
}

// marker returns the marker at pos and its place. Fill bytes of 0xff may come before it. Where there is no marker it returns 0.
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

// endOfScan returns the place of the first marker after entropy-coded data. Stuffed zeros and restarts are no such markers.
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

// fill reads until the buffer holds n bytes. Where the stream has fewer, it returns false and the reason.
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
