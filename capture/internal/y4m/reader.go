// Package y4m reads YUV4MPEG2 files: a text header, then raw planes, frame by frame (man yuv4mpeg, mjpegtools).
package y4m

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Magic is what a file starts with.
const Magic = "YUV4MPEG2 "

// What a frame starts with; parameters may follow after a space, and say nothing about a progressive picture.
var (
	frameLine      = []byte("FRAME")
	frameLineStart = []byte("FRAME ")
)

// Limits of what is accepted, so that a crafted header can take neither memory nor time.
const (
	maxSide = 8192
	maxLine = 1024
)

// Header describes all the frames of a file.
type Header struct {
	Width, Height    int // pixels
	RateNum, RateDen int // frames per second; 0/0 when the file does not say
	HSub, VSub       int // luma columns and rows per chroma sample; 0 when there is no chroma
	FullRange        bool
}

// FrameSize is the number of bytes in one frame.
func (h Header) FrameSize() int {
	luma := h.Width * h.Height
	if h.HSub == 0 {
		return luma
	}
	return luma + 2*((h.Width+h.HSub-1)/h.HSub)*((h.Height+h.VSub-1)/h.VSub)
}

// Reader reads frames. Frame memory is taken when the first frame comes, not on the header's word.
type Reader struct {
	Header Header
	r      *bufio.Reader
	frame  []byte
	count  int
}

// NewReader reads the file's header.
func NewReader(r io.Reader) (*Reader, error) {
	br := bufio.NewReaderSize(r, maxLine)
	line, err := readLine(br)
	if err != nil {
		return nil, fmt.Errorf("y4m: header: %w", err)
	}
	h, err := parseHeader(string(line))
	if err != nil {
		return nil, fmt.Errorf("y4m: header: %w", err)
	}
	return &Reader{Header: h, r: br}, nil
}

// Next returns the planes of the next frame, Y, Cb, Cr without padding; they are valid until the next call. The error is
// io.EOF after the last frame.
func (r *Reader) Next() ([]byte, error) {
	line, err := readLine(r.r)
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("y4m: frame %d: %w", r.count, err)
	}
	if !bytes.Equal(line, frameLine) && !bytes.HasPrefix(line, frameLineStart) {
		return nil, fmt.Errorf("y4m: frame %d: no FRAME line", r.count)
	}
	if r.frame == nil {
		r.frame = make([]byte, r.Header.FrameSize())
	}
	if n, err := io.ReadFull(r.r, r.frame); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("y4m: frame %d: %d of %d bytes: %w", r.count, n, len(r.frame), err)
	}
	r.count++
	return r.frame, nil
}

// readLine returns the next line without its end, valid until the next read. io.EOF means that there is not one byte of it.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case len(line) > maxLine || errors.Is(err, bufio.ErrBufferFull): // the buffer may be the caller's, and larger
		return nil, fmt.Errorf("line of more than %d bytes", maxLine)
	case err == nil:
		return line[:len(line)-1], nil
	case err == io.EOF && len(line) > 0:
		return nil, io.ErrUnexpectedEOF
	}
	return nil, err
}

func parseHeader(line string) (Header, error) {
	h := Header{HSub: 2, VSub: 2} // 4:2:0 is what no C parameter means
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0]+" " != Magic {
		return h, errors.New("not a YUV4MPEG2 file")
	}
	for _, field := range fields[1:] {
		if err := h.set(field[0], field[1:]); err != nil {
			return h, fmt.Errorf("parameter %q: %w", field, err)
		}
	}
	if h.Width == 0 || h.Height == 0 {
		return h, errors.New("no width (W) or height (H)")
	}
	return h, nil
}

func (h *Header) set(key byte, value string) (err error) {
	switch key {
	case 'W':
		h.Width, err = side(value)
	case 'H':
		h.Height, err = side(value)
	case 'F':
		h.RateNum, h.RateDen, err = rate(value)
	case 'C':
		h.HSub, h.VSub, err = subsampling(value)
	case 'X':
		if value == "COLORRANGE=FULL" {
			h.FullRange = true
		}
	}
	return err
}

func side(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxSide {
		return 0, fmt.Errorf("must be 1 to %d", maxSide)
	}
	return n, nil
}

func rate(s string) (num, den int, err error) {
	a, b, _ := strings.Cut(s, ":")
	n, err1 := strconv.ParseUint(a, 10, 31)
	d, err2 := strconv.ParseUint(b, 10, 31)
	if err1 != nil || err2 != nil || (n == 0) != (d == 0) {
		return 0, 0, errors.New("must be two positive numbers, such as 30:1")
	}
	return int(n), int(d), nil
}

func subsampling(s string) (h, v int, err error) {
	switch s {
	case "420", "420jpeg", "420mpeg2", "420paldv":
		return 2, 2, nil
	case "422":
		return 2, 1, nil
	case "444":
		return 1, 1, nil
	case "mono":
		return 0, 0, nil
	}
	return 0, 0, errors.New("unsupported; 8-bit 420, 422, 444 and mono are read")
}
