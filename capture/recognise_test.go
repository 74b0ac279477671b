package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"edged/internal/testkit"
)

func TestRecognise(t *testing.T) {
	jpegs := jpegStream(t, 2)
	y4ms := y4mFile("W16 H8 F20:1", 192, 1)
	mkv := append([]byte{0x1a, 0x45, 0xdf, 0xa3}, 0x80)
	for _, c := range []struct {
		what   string
		before string
		after  []byte
		want   container
	}{
		{"JPEG", "", jpegs, jpegContainer},
		{"Y4M", "", y4ms, y4mContainer},
		{"Matroska", "", mkv, matroskaContainer},
		{"multipart", "\r\n--edge\r\nContent-Type: image/jpeg\r\n\r\n", jpegs, jpegContainer},
		{"a part's header before the boundary", "Content-Type: image/jpeg\r\nContent-Length: 1\r\n\r\n", jpegs, jpegContainer},
		{"headers of HTTP", "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=x\r\n\r\n--x\r\n", jpegs, jpegContainer},
		{"a banner", "\x1b[1mCâmera 3.1\x1b[0m\nready\n", jpegs, jpegContainer},
		{"a long banner", strings.Repeat("ready\n", 2000), jpegs, jpegContainer},
		{"a banner before Y4M", "ready\n", y4ms, y4mContainer},
		{"a banner before Matroska", "ready\n", mkv, matroskaContainer},
		{"the word in a text", "this is YUV4MPEG2 W1 H1", nil, unknownContainer},
		{"text", "HTTP/1.0 404 Not Found\r\n\r\n", nil, unknownContainer},
		{"a JPEG in something else", "\x00\x01", jpegs, unknownContainer},
		{"half a start", "\xff\xd8", nil, unknownContainer},
		{"nothing", "", nil, unknownContainer},
		{"text without end", strings.Repeat("ready\n", 20000), jpegs, unknownContainer},
	} {
		for how, reader := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader} {
			if how == "byte by byte" && len(c.before) > 5000 {
				continue
			}
			r := bufio.NewReaderSize(reader(strings.NewReader(c.before+string(c.after))), 64<<10)
			found, _, _ := recognise(r)
			rest, _ := io.ReadAll(r)
			if found != c.want || found != unknownContainer && !bytes.Equal(rest, c.after) {
				t.Errorf("%s %s: %v with %d bytes left, want %v with %d", c.what, how, found, len(rest), c.want, len(c.after))
			}
		}
	}
}

// A camera whose program talks before its pictures works. One that writes no pictures is told so in words that lead to the cause.
func TestCommandsThatTalk(t *testing.T) {
	testkit.Slow(t)
	const jpegs = "ffmpeg -nostdin -loglevel error -f lavfi -i testsrc=size=64x48:rate=10 -frames:v 3 -f mjpeg -"
	for _, line := range []string{
		`printf 'Content-Type: image/jpeg\r\nContent-Length: 9\r\n\r\n'; ` + jpegs,
		`printf 'HTTP/1.0 200 OK\r\n\r\n--x\r\nContent-Type: image/jpeg\r\n\r\n'; ` + jpegs,
		`echo starting; sleep 0.2; echo ready; ` + jpegs,
		`echo starting; ffmpeg -nostdin -loglevel error -f lavfi -i testsrc=size=64x48:rate=10 -frames:v 3 -pix_fmt yuv420p -f yuv4mpegpipe -`,
	} {
		if seen, err := watchCommand(t, &Command{Line: line}, 0); len(seen) != 3 || !errors.Is(err, errExited) {
			t.Errorf("%s: %d frames, %v", line, len(seen), err)
		}
	}
	for _, c := range []struct {
		line, want string
		failure    Failure
	}{
		{`printf 'HTTP/1.1 401 Unauthorized\r\nServer: cam\r\n\r\n'`, `the command ended; its output has no picture and begins with the text "HTTP/1.1 401 Unauthorized; Server: cam"`, Exited},
		{`echo no camera here; exec sleep 60`, `the command hangs: no frame for 300ms; its output has no picture and begins with the text "no camera here"`, Stalled},
		{`yes 'no camera here'`, `begins with the text "no camera here; `, OtherFailure},
		{`yes`, "give format: mjpeg if JPEGs come later", OtherFailure},
		{`ffmpeg -nostdin -v error -f lavfi -i testsrc=size=64x48:rate=10 -frames:v 9 -f mpegts -`, "like MPEG-TS", OtherFailure},
		{`ffmpeg -nostdin -v error -f lavfi -i testsrc=size=64x48:rate=10 -frames:v 9 -f flv -`, "like FLV", OtherFailure},
		{`printf '\000\000\000\001\147\102'; exec sleep 60`, "like raw H.264", OtherFailure},
		{`echo http://me:hunter2@camera/`, "http://***@camera/", Exited},
		{`ffmpeg -nostdin -v error -f lavfi -i testsrc=size=64x48:rate=10 -frames:v 9 -c:v mpeg4 -f matroska -`, "MPEG-4", Undecodable},
	} {
		patience := 20 * time.Second // a busy machine may take long to start a shell
		if c.failure == Stalled {
			patience = 300 * time.Millisecond
		}
		_, err := watchCommand(t, &Command{Line: c.line, StallAfter: patience}, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) || FailureOf(err) != c.failure {
			t.Errorf("%s: %v (%v), want %q (%v)", c.line, err, FailureOf(err), c.want, c.failure)
		}
		if strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("a password is in %q", err)
		}
	}
}

func FuzzRecognise(f *testing.F) {
	f.Add([]byte("HTTP/1.0 200 OK\r\n\r\n\xff\xd8\xff"))
	f.Add([]byte("a\nYUV4MPEG2 W"))
	f.Add([]byte("\xc3\n\x1a\x45\xdf\xa3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(data), 64<<10)
		found, head, _ := recognise(r)
		rest, _ := io.ReadAll(r)
		if found == unknownContainer && !bytes.Equal(rest, data) || !bytes.HasSuffix(data, rest) {
			t.Fatalf("%q: %v, and %q is left", data, found, rest)
		}
		if text := describe(head); strings.Contains(text, "% x") || len(text) > 1000 {
			t.Fatalf("%q is described as %s", head, text)
		}
	})
}
