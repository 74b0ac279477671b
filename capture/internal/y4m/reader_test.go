package y4m

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestHeader(t *testing.T) {
	for header, want := range map[string]Header{
		"YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420mpeg2 XYSCSS=420MPEG2": {Width: 640, Height: 480, RateNum: 30, RateDen: 1, PixelWidth: 1, PixelHeight: 1, HSub: 2, VSub: 2},
		"YUV4MPEG2 W720 H576 A118:108 It":                             {Width: 720, Height: 576, PixelWidth: 59, PixelHeight: 54, HSub: 2, VSub: 2},
		"YUV4MPEG2 W3 H5 A0:0":                                        {Width: 3, Height: 5, HSub: 2, VSub: 2},
		"YUV4MPEG2 W3 H5 XYSCSS=422":                                  {Width: 3, Height: 5, HSub: 2, VSub: 1},
		"YUV4MPEG2 W3 H5 XYSCSS=420JPEG":                              {Width: 3, Height: 5, HSub: 2, VSub: 2},
		"YUV4MPEG2 W3 H5 Cmono XYSCSS=400":                            {Width: 3, Height: 5},
		"YUV4MPEG2 W3 H5 F30000:1001":                                 {Width: 3, Height: 5, RateNum: 30000, RateDen: 1001, HSub: 2, VSub: 2},
		"YUV4MPEG2 H5 W3 C422 F0:0":                                   {Width: 3, Height: 5, HSub: 2, VSub: 1},
		"YUV4MPEG2 W3 H5 C444 XCOLORRANGE=FULL":                       {Width: 3, Height: 5, HSub: 1, VSub: 1, FullRange: true},
		"YUV4MPEG2 W8192 H8192 Cmono":                                 {Width: 8192, Height: 8192},
	} {
		r, err := NewReader(strings.NewReader(header + "\n"))
		if err != nil || r.Header != want {
			t.Errorf("%s: %+v, error %v; want %+v", header, r, err, want)
		}
	}
}

func TestFrameSize(t *testing.T) {
	for _, c := range []struct {
		h    Header
		want int
	}{
		{Header{Width: 4, Height: 4, HSub: 2, VSub: 2}, 24},
		{Header{Width: 3, Height: 5, HSub: 2, VSub: 2}, 15 + 2*2*3},
		{Header{Width: 3, Height: 5, HSub: 2, VSub: 1}, 15 + 2*2*5},
		{Header{Width: 3, Height: 5, HSub: 1, VSub: 1}, 45},
		{Header{Width: 3, Height: 5}, 15},
	} {
		if got := c.h.FrameSize(); got != c.want {
			t.Errorf("%+v: %d bytes, want %d", c.h, got, c.want)
		}
	}
}

func TestHeaderRefuses(t *testing.T) {
	for header, want := range map[string]string{
		"":                                       "EOF",
		"YUV4MPEG2 W16 H8":                       "unexpected EOF",
		"RIFF\n":                                 "not a YUV4MPEG2 file",
		"\n":                                     "not a YUV4MPEG2 file",
		"YUV4MPEG2 W16\n":                        "no width (W) or height (H)",
		"YUV4MPEG2 W0 H8\n":                      `"W0": must be 1 to 8192`,
		"YUV4MPEG2 W16 H8193\n":                  `"H8193"`,
		"YUV4MPEG2 W-1 H8\n":                     `"W-1"`,
		"YUV4MPEG2 W99999999999999999999 H8\n":   "must be 1 to 8192",
		"YUV4MPEG2 W16 H8 F30\n":                 "such as 30:1",
		"YUV4MPEG2 W16 H8 F30:0\n":               "such as 30:1",
		"YUV4MPEG2 W16 H8 F-30:1\n":              "such as 30:1",
		"YUV4MPEG2 W16 H8 C420p10\n":             `"420p10": edged reads 420`,
		"YUV4MPEG2 W16 H8 C411\n":                `"411": edged reads 420`,
		"YUV4MPEG2 W16 H8 XYSCSS=411\n":          `"411": edged reads 420`,
		"YUV4MPEG2 W16 H8 A4\n":                  `"A4": must be two positive numbers`,
		"YUV4MPEG2 " + strings.Repeat("X", 2000): "line of more than 1024 bytes",
	} {
		if _, err := NewReader(bufio.NewReaderSize(strings.NewReader(header), 64<<10)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: error %v, want one with %q", header, err, want)
		}
	}
}

func TestNext(t *testing.T) {
	const header = "YUV4MPEG2 W2 H2 F25:1\n"
	for _, c := range []struct {
		name, body string
		frames     string // one after the other
		err        error
		text       string
	}{
		{"two frames", "FRAME\nabcdefFRAME Ip\nghijkl", "abcdefghijkl", io.EOF, ""},
		{"none", "", "", io.EOF, ""},
		{"cut in the planes", "FRAME\nabcdefFRAME\nghi", "abcdef", io.ErrUnexpectedEOF, "frame 1: 3 of 6 bytes"},
		{"cut after the line", "FRAME\n", "", io.ErrUnexpectedEOF, "frame 0: 0 of 6 bytes"},
		{"cut in the line", "FRAME\nabcdefFRA", "abcdef", io.ErrUnexpectedEOF, "frame 1"},
		{"no FRAME", "FRAME\nabcdefghijkl\n", "abcdef", nil, "frame 1: no FRAME line"},
		{"a longer word", "FRAMES\nabcdef", "", nil, "frame 0: no FRAME line"},
	} {
		r, err := NewReader(strings.NewReader(header + c.body))
		if err != nil {
			t.Fatal(err)
		}
		var frames []byte
		var frame []byte
		for err == nil {
			frame, err = r.Next()
			frames = append(frames, frame...)
		}
		if string(frames) != c.frames {
			t.Errorf("%s: frames %q, want %q", c.name, frames, c.frames)
		}
		if c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v, want %v with %q", c.name, err, c.err, c.text)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("YUV4MPEG2 W2 H2 F25:1\nFRAME\nabcdefFRAME Ip\nghijkl"))
	f.Add([]byte("YUV4MPEG2 W1 H1 Cmono XCOLORRANGE=FULL\nFRAME\na"))
	f.Add([]byte("YUV4MPEG2 W8192 H8192 C444 F1:0\nFRAME\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		// The fuzzer must not allocate what a header announces.
		if r.Header.FrameSize() > 1<<16 {
			return
		}
		for n := 0; ; n++ {
			frame, err := r.Next()
			if err != nil {
				return
			}
			if len(frame) != r.Header.FrameSize() || n > len(data) {
				t.Fatalf("frame %d of %d bytes, want %d", n, len(frame), r.Header.FrameSize())
			}
		}
	})
}
