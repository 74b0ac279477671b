package matroska

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// element is an EBML element with a size of one or four bytes.
func element(id string, body ...string) string {
	b := strings.Join(body, "")
	if len(b) < 127 {
		return id + string([]byte{0x80 | byte(len(b))}) + b
	}
	n := len(b)
	return id + string([]byte{0x10 | byte(n>>24), byte(n >> 16), byte(n >> 8), byte(n)}) + b
}

const (
	ebml       = "\x1a\x45\xdf\xa3"
	segment    = "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" // of unknown size
	info       = "\x15\x49\xa9\x66"
	scale      = "\x2a\xd7\xb1"
	tracks     = "\x16\x54\xae\x6b"
	entry      = "\xae"
	video      = "\xe0"
	cluster    = "\x1f\x43\xb6\x75"
	timestamp  = "\xe7"
	block      = "\xa3"
	blockGroup = "\xa0"
	inGroup    = "\xa1"
	void       = "\xec"

	trackNumber   = "\xd7"
	trackType     = "\x83"
	codecID       = "\x86"
	codecPrivate  = "\x63\xa2"
	encodings     = "\x6d\x80"
	pixelWidth    = "\xb0"
	pixelHeight   = "\xba"
	cropBottom    = "\x54\xaa"
	cropTop       = "\x54\xbb"
	cropLeft      = "\x54\xcc"
	cropRight     = "\x54\xdd"
	displayWidth  = "\x54\xb0"
	displayHeight = "\x54\xba"
	displayUnit   = "\x54\xb2"
	stereoMode    = "\x53\xb8"
	colourSpace   = "\x2e\xb5\x24"
	colour        = "\x55\xb0"
	matrix        = "\x55\xb1"
	bits          = "\x55\xb2"
	levels        = "\x55\xb9"
	projection    = "\x76\x70"
	roll          = "\x76\x75"
)

// size64x48 is what a track says of its pictures' size.
var size64x48 = element(pixelWidth, "\x40") + element(pixelHeight, "\x30")

// videoTrack is a track's entry. The body belongs into its video element.
func videoTrack(number, codec string, body ...string) string {
	return element(entry, element(trackNumber, number), element(trackType, "\x01"), element(codecID, codec), element(video, body...))
}

// streamOf is a stream's beginning with those tracks. Its times are in microseconds.
func streamOf(trackEntries ...string) string {
	return element(ebml, "\x42\x86\x81\x01") + segment + element(void, "padding") + element(info, element(scale, "\x03\xe8")) +
		element(tracks, trackEntries...)
}

// header is all of a stream of JPEGs of 64x48 before its first cluster.
var header = streamOf(videoTrack("\x01", "V_MJPEG", size64x48))

func read(stream string) (frames, times string, r *Reader, err error) {
	r = NewReader(strings.NewReader(stream))
	for {
		data, t, err := r.Next()
		if err != nil {
			return frames, times, r, err
		}
		frames += string(data) + " "
		times += fmt.Sprint(t) + " "
	}
}

func TestReader(t *testing.T) {
	stream := header +
		element(cluster, element(timestamp, "\x10"), element(block, "\x81\x00\x00\x80abc"), element(block, "\x81\x00\x05\x00de")) +
		element(cluster, element(timestamp, "\x01\x00"), element(blockGroup, element(inGroup, "\x81\xff\xff\x00f"), element("\x9b", "\x01"))) +
		cluster + "\x01\xff\xff\xff\xff\xff\xff\xff" + element(timestamp, "\x02\x00") + element(block, "\x81\x00\x01\x00g")
	frames, times, r, err := read(stream)
	if !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want io.EOF", err)
	}
	if frames != "abc de f g " || times != "16µs 21µs 255µs 513µs " {
		t.Errorf("frames %s at %s", frames, times)
	}
	if r.Width != 64 || r.Height != 48 {
		t.Errorf("%dx%d, want 64x48", r.Width, r.Height)
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"no element", "\x00\x00", "no element where one must start"},
		{"cut in an id", "\x1f\x43", "unexpected EOF"},
		{"cut in a size", block + "\x40", "unexpected EOF"},
		{"cut in a frame", block + "\x88\x81\x00\x00\x00ab", "frame of 7 bytes: unexpected EOF"},
		{"cut in what is skipped", void + "\x88ab", "unexpected EOF"},
		{"a frame of unknown size", block + "\xff", "frame of -1 bytes"},
		{"a frame without a header", element(block, "\x81"), "frame of 1 bytes"},
		{"a frame with half a header", element(block, "\x40\x01\x00\x00"), "frame of 2 bytes"},
		{"a huge frame", block + "\x08\x10\x00\x00\x00", "frame of 268435456 bytes"},
		{"laced frames", element(block, "\x81\x00\x00\x02abc"), "lacing"},
		{"a cut frame of another track", block + "\x88\x82\x00\x00\x00ab", "unexpected EOF"},
		{"unknown size of something unknown", void + "\xff", "unknown size"},
		{"a number of nine bytes", element(timestamp, "123456789"), "number of 9 bytes"},
		{"a size of nine bytes", block + "\x00", "more than 8 bytes"},
	} {
		_, _, _, err := read(header + c.body)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestReaderAllocatesNothingPerFrame(t *testing.T) {
	// What ffmpeg writes for a frame: a group with the frame, its duration and something to skip.
	frame := element(blockGroup, element(inGroup, "\x81\x00\x00\x80", strings.Repeat("x", 200)), element("\x9b", "\x28")+element(void, "padding"))
	r := NewReader(strings.NewReader(header + strings.Repeat(frame, 200)))
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per frame, want 0", n)
	}
}

// A frame that is announced with 128 MiB and never comes does not take that memory.
func TestReaderBelievesWhatItGets(t *testing.T) {
	r := NewReader(strings.NewReader(header + block + "\x18\x00\x00\x00" + "\x81\x00\x00\x00abc"))
	if _, _, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) || cap(r.block) > 1<<20 {
		t.Errorf("error %v, %d bytes of memory; want an unexpected EOF and little", err, cap(r.block))
	}
	frame := strings.Repeat("0123456789", 100_000)
	r = NewReader(strings.NewReader(header + element(block, "\x81\x00\x00\x00", frame) + element(block, "\x81\x00\x01\x00", frame[:70])))
	for _, want := range []string{frame, frame[:70]} {
		if got, _, err := r.Next(); err != nil || string(got) != want {
			t.Errorf("%d bytes, error %v; want the %d of the frame", len(got), err, len(want))
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(header + element(cluster, element(timestamp, "\x10"), element(block, "\x81\x00\x00\x80abc"))))
	f.Add([]byte(header + element(blockGroup, element(inGroup, "\x81\xff\xff\x00f"))))
	f.Add([]byte(streamOf(videoTrack("\x01", "V_UNCOMPRESSED", size64x48, element(colourSpace, "NV12"), element(cropTop, "\x07"), element(displayWidth, "\x10"),
		element(colour, element(matrix, "\x01"), element(levels, "\x02")), element(projection, element(roll, "\x42\xb4\x00\x00")))) +
		element(block, "\x81\x00\x00\x80abc")))
	f.Add([]byte(streamOf(videoTrack("\x01", "V_MS/VFW/FOURCC", size64x48), element(entry, element(trackNumber, "\x02"))) + element(block, "\x82\x00\x00\x80abc")))
	f.Fuzz(func(t *testing.T, stream []byte) {
		if shapes, err := Shapes(bytes.NewReader(stream)); len(shapes) > maxTracks {
			t.Fatalf("%d shapes, %v", len(shapes), err)
		}
		r := NewReader(bytes.NewReader(stream))
		for n := 0; n <= len(stream); n++ {
			var data []byte
			var at time.Duration
			var err error
			if data, at, err = r.Next(); err != nil {
				return
			}
			if len(data) > len(stream) {
				t.Fatalf("frame of %d bytes at %v from a stream of %d", len(data), at, len(stream))
			}
		}
		t.Fatal("more frames than bytes")
	})
}
