package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"edged/capture/internal/device"
	"edged/capture/pixel"
)

// cmyk decodes nowhere: a JPEG whose header announces four colours.
var cmyk = []byte{0xff, 0xd8, 0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0,
	0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0, 0, 0xff, 0xd9}

// decoding is a Sink that decodes every frame, as edged's does.
func decoding(t *testing.T) Sink {
	t.Helper()
	decoder, err := pixel.NewDecoder(8, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(decoder.Close)
	rgb := make([]byte, 3*8*8)
	return func(f *Frame) Finding {
		if err := decoder.Decode(rgb, f.Format, f.Data); err != nil {
			return Refused(err)
		}
		return Finding{Verdict: Good}
	}
}

// Frames of a kind that never decodes end the source, with an error that says what is wrong and what would mend it.
func TestUnsupportedPicturesEndASource(t *testing.T) {
	path := write(t, "cmyk.mjpeg", bytes.Repeat(cmyk, 20))
	for _, c := range []struct {
		source Source
		remedy string
	}{
		{&File{Path: path}, "convert the file"},
		{&Command{Line: "cat " + path + "; sleep 600"}, "let the command write"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := c.source.Run(ctx, decoding(t))
		cancel()
		if !errors.Is(err, pixel.ErrUnsupported) || !strings.Contains(err.Error(), "CMYK") || !strings.Contains(err.Error(), c.remedy) {
			t.Errorf("%v: error %v, want one that names CMYK and says %q", c.source, err, c.remedy)
		}
		if FailureOf(err) != Undecodable {
			t.Errorf("%v: counted as %v", c.source, FailureOf(err))
		}
	}
}

// A few frames with damaged headers, or one good frame before, are no proof that the format is at fault.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		findings string // G(ood), B(ad), U(nsupported), - (not examined)
		ends     bool
	}{
		{"UUUUU", true},
		{"U-U-U--UU", true},
		{"BBBUUUUU", true},
		{"UUUU", false},
		{"UUBUUBUUB", false},
		{"GUUUUUUUU", false},
	} {
		verdicts := map[rune]Verdict{'G': Good, 'B': Bad, 'U': Unsupported}
		var r refusals
		var err error
		for _, finding := range c.findings {
			err = r.note(Finding{Verdict: verdicts[finding], Reason: pixel.ErrUnsupported})
		}
		if c.ends != errors.Is(err, errUnsupported) {
			t.Errorf("%s: error %v", c.findings, err)
		}
	}
}

func TestLoopEndsWhereTheFormatNeverDecodes(t *testing.T) {
	s := &fakeStream{script: make([]device.Buffer, 20)}
	for i := range s.script {
		s.script[i] = device.Buffer{Used: 1, Sequence: uint32(i)}
	}
	l := loop{stream: s, stallAfter: time.Hour, sink: func(*Frame) Finding { return Refused(pixel.ErrUnsupported) }}
	if err := l.run(); !errors.Is(err, errUnsupported) || len(s.script) != 20-refusalsInARow {
		t.Errorf("error %v with %d of 20 frames left", err, len(s.script))
	}
}

// A camera whose best format never decodes is asked for its other ones, and says what failed where none is left.
func TestAnotherFormatIsTried(t *testing.T) {
	formats := []device.Format{{FourCC: pixel.MJPEG, Name: "MJPG"}, {FourCC: pixel.YUYV, Name: "YUYV"}}
	var tried []string
	err := retryFormats(func(refused refusedFormats) (refusedFormat, error) {
		left := refused.without("/dev/video0", formats)
		if len(left) == 0 {
			return refusedFormat{}, refused.explain("/dev/video0", errors.New("no other format"))
		}
		tried = append(tried, left[0].Name)
		return refusedFormat{path: "/dev/video0", fourcc: left[0].FourCC}, fmt.Errorf("%w: reason %d", errUnsupported, len(tried))
	})
	if s := strings.Join(tried, " "); s != "MJPG YUYV" {
		t.Errorf("tried %s, want MJPG and YUYV", s)
	}
	for _, part := range []string{"no other format", "MJPG", "reason 1", "YUYV", "reason 2"} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("error %v does not say %q", err, part)
		}
	}
	if other := (refusedFormats{{path: "/dev/video1", fourcc: pixel.MJPEG}}).without("/dev/video0", formats); len(other) != 2 {
		t.Errorf("another camera's refusal leaves %v", other)
	}
}
