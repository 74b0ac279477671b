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

// Splitter reads pictures from a stream. It skips whatever lies between them, such as padding and multipart headers.
type Splitter struct {
	// Cut is set when the stream has ended in the middle of the picture that Next returned last.
	Cut bool

	r     io.Reader
	buf   []byte
	front int   // of the picture that is being read; buf[front:end] is read and not yet used
	end   int   // of what has been read
	size  int   // of the picture that Next returned last
	err   error // what the reader ended with
}

// bufferSize holds several pictures of a usual camera. So it is rare that the beginning of one moves to the front, and reads
// are large enough that a bufio.Reader of up to 256 KB passes them on without a copy.
const bufferSize = 320 << 10

// NewSplitter makes a Splitter over r.
func NewSplitter(r io.Reader) *Splitter { return &Splitter{r: r, buf: make([]byte, bufferSize)} }

// Next returns the next picture, from its SOI to its EOI marker. It is valid until the next call. Of a picture that is cut off, by
// the next one or by the stream's end, Next returns what is there: a decoder will find it broken. The error is io.EOF
// after the last picture, the reader's own, or says that a picture is too large.
func (s *Splitter) Next() ([]byte, error) {
	s.front += s.size
	s.size = 0
	if err := s.skipToStart(); err != nil {
		return nil, err
	}
	n, err := s.measure()
	if err != nil {
		return nil, err
	}
	s.size = n
	return s.unread()[:n], nil
}

// unread is what has been read from the front of the picture on.
func (s *Splitter) unread() []byte { return s.buf[s.front:s.end] }

// skipToStart moves the front to the next SOI marker.
func (s *Splitter) skipToStart() error {
	soi := []byte{0xff, markerSOI, 0xff}
	for {
		if i := bytes.Index(s.unread(), soi); i >= 0 {
			s.front += i
			return nil
		}
		// The marker's first two bytes may be the last that were read.
		keep := min(len(s.unread()), len(soi)-1)
		s.front = s.end - keep
		if ok, err := s.fill(keep + 1); !ok {
			return err
		}
	}
}

// measure returns the length of the picture at the front. It walks from segment to segment, because thumbnails inside of a
// segment have markers of their own. All positions count from the front.
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
		length := s.unread()[at+2:]
		pos = at + 2 + int(length[0])<<8 + int(length[1])
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
		return len(s.unread()), nil
	}
	return 0, err
}

// marker returns the marker at pos and its place. Fill bytes of 0xff may come before it. Where there is no marker it returns 0.
func (s *Splitter) marker(pos int) (marker byte, at int, err error) {
	for {
		if ok, err := s.fill(pos + 2); !ok {
			return 0, 0, err
		}
		data := s.unread()[pos:]
		if data[0] != 0xff {
			return 0, pos, nil
		}
		if data[1] != 0xff {
			return data[1], pos, nil
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
		data := s.unread()
		i := bytes.IndexByte(data[pos:len(data)-1], 0xff)
		if i < 0 {
			pos = len(data) - 1
			continue
		}
		pos += i
		if m := data[pos+1]; m != 0 && m != 0xff && (m < markerRST0 || m > markerRST7) {
			return pos, nil
		}
		pos++
	}
}

// fill reads until there are n bytes from the front on. If the stream has fewer, it returns false and why.
func (s *Splitter) fill(n int) (bool, error) {
	if n > MaxPicture {
		return false, fmt.Errorf("mjpeg: picture of more than %d bytes", MaxPicture)
	}
	for len(s.unread()) < n {
		if s.err != nil {
			return false, s.err
		}
		if s.end == len(s.buf) {
			s.makeRoom()
		}
		var k int
		k, s.err = s.r.Read(s.buf[s.end:])
		s.end += k
	}
	return true, nil
}

// makeRoom moves what is not yet used to the buffer's beginning, and makes a buffer larger where it is there already.
func (s *Splitter) makeRoom() {
	if s.front == 0 {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
		return
	}
	s.end = copy(s.buf, s.unread())
	s.front = 0
}
