// Package y4m reads YUV4MPEG2 files: a text header, then raw planes, frame by frame (man yuv4mpeg, mjpegtools).
package y4m

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"edged/capture/picture"
)

// Magic is what a file starts with.
const Magic = "YUV4MPEG2 "

// What a frame starts with. Parameters may follow after a space. They are about interlacing, which edged does not undo: it scales
// pictures down so far that both fields melt into one.
var (
	frameLine      = []byte("FRAME")
	frameLineStart = []byte("FRAME ")
)

// Limits, so that a crafted header can take neither memory nor time.
const (
	maxSide = 8192
	maxLine = 1024
)

// Header describes all the frames of a file.
type Header struct {
	Width, Height           int // pixels
	RateNum, RateDen        int // frames per second; 0/0 when the file does not say
	PixelWidth, PixelHeight int // the shape of a pixel, as a picture.Format has it; 0/0 when the file does not say
	HSub, VSub              int // luma columns and rows per chroma sample; 0 when there is no chroma
	FullRange               bool
}

// FrameSize is the number of bytes in one frame.
func (h Header) FrameSize() int {
	luma := h.Width * h.Height
	if h.HSub == 0 {
		return luma
	}
	return luma + 2*((h.Width+h.HSub-1)/h.HSub)*((h.Height+h.VSub-1)/h.VSub)
}

// Reader reads frames. It allocates memory for a frame when the first one comes, not when the header announces it.
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

// readLine returns the next line without its end, valid until the next read. io.EOF means that not one byte of it is there.
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

// parameters are a header while it is being read.
type parameters struct {
	Header
	chroma    string // by C
	oldChroma string // by XYSCSS, as mjpegtools wrote it before version 1.8
}

func parseHeader(line string) (Header, error) {
	p := parameters{oldChroma: "420"}
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0]+" " != Magic {
		return p.Header, errors.New("not a YUV4MPEG2 file")
	}
	for _, field := range fields[1:] {
		if err := p.set(field[0], field[1:]); err != nil {
			return p.Header, fmt.Errorf("parameter %q: %w", field, err)
		}
	}
	if p.Width == 0 || p.Height == 0 {
		return p.Header, errors.New("no width (W) or height (H)")
	}
	return p.Header, p.subsample()
}

func (p *parameters) set(key byte, value string) (err error) {
	switch key {
	case 'W':
		p.Width, err = side(value)
	case 'H':
		p.Height, err = side(value)
	case 'F':
		p.RateNum, p.RateDen, err = ratio(value)
	case 'A':
		var width, height int
		width, height, err = ratio(value)
		p.PixelWidth, p.PixelHeight = picture.Ratio(uint64(width), uint64(height))
	case 'C':
		p.chroma = value
	case 'X':
		name, value, _ := strings.Cut(value, "=")
		switch name {
		case "COLORRANGE": // ffmpeg's
			p.FullRange = value == "FULL"
		case "YSCSS":
			p.oldChroma = strings.ToLower(value)
		}
	}
	return err
}

// subsample reads the chroma format.
func (p *parameters) subsample() error {
	chroma := cmp.Or(p.chroma, p.oldChroma)
	switch chroma {
	case "420", "420jpeg", "420mpeg2", "420paldv":
		p.HSub, p.VSub = 2, 2
	case "422":
		p.HSub, p.VSub = 2, 1
	case "444":
		p.HSub, p.VSub = 1, 1
	case "mono":
		p.HSub, p.VSub = 0, 0
	default:
		return fmt.Errorf("chroma format %q: edged reads 420, 422, 444 and mono with 8 bits a sample; convert the video (ffmpeg: -pix_fmt yuv420p)", chroma)
	}
	return nil
}

func side(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxSide {
		return 0, fmt.Errorf("must be 1 to %d", maxSide)
	}
	return n, nil
}

func ratio(s string) (num, den int, err error) {
	a, b, _ := strings.Cut(s, ":")
	n, err1 := strconv.ParseUint(a, 10, 31)
	d, err2 := strconv.ParseUint(b, 10, 31)
	if err1 != nil || err2 != nil || (n == 0) != (d == 0) {
		return 0, 0, errors.New("must be two positive numbers, such as 30:1")
	}
	return int(n), int(d), nil
}
