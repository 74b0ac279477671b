package mjpeg

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func picture(t testing.TB, grey byte, size int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, size, size))
	for i := range m.Pix {
		m.Pix[i] = grey + byte(i*i/7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withThumbnail puts a whole JPEG into an APP1 segment of src, as cameras do.
func withThumbnail(src, thumbnail []byte) []byte {
	n := len(thumbnail) + 2
	out := append(append([]byte(nil), src[:2]...), 0xff, 0xe1, byte(n>>8), byte(n))
	return append(append(out, thumbnail...), src[2:]...)
}

func split(r io.Reader) (pictures [][]byte, err error) {
	s := NewSplitter(r)
	for {
		p, err := s.Next()
		if err != nil {
			return pictures, err
		}
		pictures = append(pictures, bytes.Clone(p))
	}
}

func TestSplitter(t *testing.T) {
	a, b, large := picture(t, 10, 16), picture(t, 200, 24), picture(t, 50, 700) // large outgrows the first buffer
	if len(large) < 100<<10 {
		t.Fatalf("the large picture has only %d bytes", len(large))
	}
	thumb := withThumbnail(a, b)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for _, c := range []struct {
		name   string
		stream []byte
		want   [][]byte
	}{
		{"nothing", nil, nil},
		{"no picture", []byte("RIFF....AVI LIST"), nil},
		{"one", a, [][]byte{a}},
		{"three", join(a, large, b), [][]byte{a, large, b}},
		{"a thumbnail inside", join(thumb, b), [][]byte{thumb, b}},
		{"multipart", join([]byte("--x\r\nContent-Type: image/jpeg\r\n\r\n"), a, []byte("\r\n--x\r\n\r\n"), b), [][]byte{a, b}},
		{"padding", join(a, make([]byte, 70000), b), [][]byte{a, b}},
		{"fill bytes before a marker", join(a[:2], []byte{0xff, 0xff}, a[2:], b), [][]byte{join(a[:2], []byte{0xff, 0xff}, a[2:]), b}},
		{"cut off by the next", join(a[:len(a)-20], b), [][]byte{a[:len(a)-20], b}},
		{"cut off by the end", join(a, b[:len(b)-20]), [][]byte{a, b[:len(b)-20]}},
		{"cut off in the header", join(a, b[:30]), [][]byte{a, b[:30]}},
		{"starts in the middle", join(a[40:], b), [][]byte{b}},
	} {
		for name, r := range map[string]io.Reader{
			"": bytes.NewReader(c.stream), ", in halves": iotest.HalfReader(bytes.NewReader(c.stream)),
			", byte by byte": iotest.OneByteReader(bytes.NewReader(c.stream)),
		} {
			got, err := split(r)
			if !errors.Is(err, io.EOF) {
				t.Errorf("%s%s: error %v, want io.EOF", c.name, name, err)
			}
			if len(got) != len(c.want) {
				t.Errorf("%s%s: %d pictures, want %d", c.name, name, len(got), len(c.want))
				continue
			}
			for i := range got {
				if !bytes.Equal(got[i], c.want[i]) {
					t.Errorf("%s%s: picture %d has %d bytes, want %d", c.name, name, i, len(got[i]), len(c.want[i]))
				}
			}
		}
	}
}

// endless is a picture whose entropy-coded data never ends.
type endless struct{ header []byte }

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.header)
	e.header = e.header[n:]
	clear(p[n:])
	return len(p), nil
}

// Pictures of many sizes, together several times the buffer, must come out whole, however much a read returns.
func TestSplitterBeyondItsBuffer(t *testing.T) {
	var stream []byte
	var want [][]byte
	for i := range 60 {
		p := picture(t, byte(i), 16)
		scan := bytes.LastIndex(p, []byte{0xff, markerEOI})
		p = slices.Concat(p[:scan], bytes.Repeat([]byte{byte(i)}, i*i*7), p[scan:])
		want = append(want, p)
		stream = append(append(stream, p...), 0, 0)
	}
	if len(stream) < 3*bufferSize/2 {
		t.Fatalf("the stream has %d bytes only", len(stream))
	}
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(stream), "by bytes": iotest.OneByteReader(bytes.NewReader(stream)),
		"by halves": iotest.HalfReader(bytes.NewReader(stream)),
	} {
		got, err := split(r)
		if !errors.Is(err, io.EOF) || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("%s: %d pictures of %d, error %v, or they differ", name, len(got), len(want), err)
		}
	}
}

func TestSplitterBoundsAPicture(t *testing.T) {
	a := picture(t, 10, 16)
	_, err := split(&endless{a[:len(a)-20]})
	if err == nil || !strings.Contains(err.Error(), "more than 16777216 bytes") {
		t.Errorf("error %v, want one about the size", err)
	}
}

func TestSplitterPassesErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	got, err := split(io.MultiReader(bytes.NewReader(picture(t, 1, 16)), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || len(got) != 1 {
		t.Errorf("%d pictures, error %v; want the one and the reader's error", len(got), err)
	}
}

func FuzzSplitter(f *testing.F) {
	a, b := picture(f, 10, 8), picture(f, 20, 8)
	f.Add(append(bytes.Clone(a), b...))
	f.Add(withThumbnail(a, b))
	f.Add(a[:len(a)-3])
	f.Add([]byte{0xff, 0xd8, 0xff, 0xda, 0, 0, 0xff, 0xff, 0xd9, 0xff, 0xd8, 0xff})
	f.Fuzz(func(t *testing.T, stream []byte) {
		whole, err := split(bytes.NewReader(stream))
		if !errors.Is(err, io.EOF) {
			t.Fatalf("error %v, want io.EOF", err)
		}
		total := 0
		for i, p := range whole {
			if !bytes.HasPrefix(p, []byte{0xff, 0xd8}) {
				t.Fatalf("picture %d starts with %x", i, p[:min(2, len(p))])
			}
			total += len(p)
		}
		if total > len(stream) {
			t.Fatalf("%d bytes of pictures from %d", total, len(stream))
		}
		pieces, _ := split(iotest.OneByteReader(bytes.NewReader(stream)))
		if len(pieces) != len(whole) {
			t.Fatalf("%d pictures read at once, %d byte by byte", len(whole), len(pieces))
		}
	})
}
