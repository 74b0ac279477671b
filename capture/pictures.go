package capture

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"edged/capture/internal/matroska"
	"edged/capture/internal/mjpeg"
	"edged/capture/internal/y4m"
	"edged/capture/pixel"
	"edged/internal/bounds"
	"edged/internal/plainfile"
)

// pictures come one after the other. The data is valid until the next call; io.EOF is the end.
type pictures interface {
	next() (data []byte, format pixel.Format, t time.Duration, err error)
}

// pass is one pass through a file.
type pass interface {
	pictures
	close() error
	timed() bool // whether the file says when each frame is shown, or how many it has a second
}

// open recognises the file by its first bytes.
func (f *File) open(ctx context.Context) (pass, error) {
	file, err := plainfile.Open(f.Path)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(file, 256<<10)
	found, head, err := recognise(r)
	switch {
	case err != nil && !errors.Is(err, io.EOF): // the end of a short file is no error
		file.Close()
		return nil, bare(err)
	case found == jpegContainer:
		return &jpegs{file: file, splitter: mjpeg.NewSplitter(r), rate: f.rate()}, nil
	case found == y4mContainer:
		return openY4M(file, r, f.rate())
	}
	defer file.Close()
	if found == unknownContainer && len(head) == 0 {
		return nil, errors.New("it is empty")
	}
	var shapes []pixel.Format
	if found == matroskaContainer {
		shapes, _ = matroska.Shapes(r) // if the header is damaged, ffmpeg will say so
	}
	return startFFmpeg(ctx, f, file, shapes)
}

// bare strips the path from a file error: the caller names it already.
func bare(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// jpegs is a pass through a stream of JPEGs, which has neither times nor a rate.
type jpegs struct {
	file     *os.File
	splitter *mjpeg.Splitter
	rate     float64
	count    int64
}

func (j *jpegs) next() ([]byte, pixel.Format, time.Duration, error) {
	data, err := j.splitter.Next()
	if errors.Is(err, io.EOF) && j.splitter.Cut {
		err = damaged{errors.New("its last picture is cut off")}
	}
	t := nth(j.count, j.rate)
	j.count++
	return data, pixel.Format{FourCC: pixel.MJPEG}, t, err
}

func (j *jpegs) close() error { return j.file.Close() }

func (j *jpegs) timed() bool { return false }

// planes is a pass through a Y4M file.
type planes struct {
	file   *os.File
	reader *y4m.Reader
	format pixel.Format
	rate   float64
	count  int64
}

func openY4M(file *os.File, r io.Reader, fallbackRate float64) (pass, error) {
	reader, err := y4m.NewReader(r)
	if err != nil {
		file.Close()
		return nil, err
	}
	h := reader.Header
	p := &planes{file: file, reader: reader, rate: fallbackRate}
	if h.RateNum > 0 {
		p.rate = float64(h.RateNum) / float64(h.RateDen)
		if p.rate < bounds.MinFrameRate {
			file.Close()
			return nil, fmt.Errorf("y4m: header: parameter \"F%d:%d\": must be at least %g frames a second", h.RateNum, h.RateDen, bounds.MinFrameRate)
		}
	}
	p.format = pixel.Format{
		FourCC: y4mFourCC(h), Width: h.Width, Height: h.Height, FullRange: h.FullRange, PixelWidth: h.PixelWidth, PixelHeight: h.PixelHeight,
	}
	return p, nil
}

func y4mFourCC(h y4m.Header) pixel.FourCC {
	switch {
	case h.HSub == 0:
		return pixel.Grey
	case h.VSub == 2:
		return pixel.YUV420
	case h.HSub == 2:
		return pixel.YUV422
	}
	return pixel.YUV444
}

func (p *planes) next() ([]byte, pixel.Format, time.Duration, error) {
	data, err := p.reader.Next()
	t := nth(p.count, p.rate)
	p.count++
	return data, p.format, t, err
}

func (p *planes) close() error { return p.file.Close() }

func (p *planes) timed() bool { return p.reader.Header.RateNum > 0 }

// nth is the time of frame n at a constant rate a second. Adding up intervals would add up their rounding errors.
func nth(n int64, rate float64) time.Duration {
	return time.Duration(float64(n)/rate*float64(time.Second) + 0.5)
}
