package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"edged/capture/pixel"
)

// jpegOf is a picture whose brightness is n.
func jpegOf(t testing.TB, n, width, height int) []byte {
	t.Helper()
	jpeg, err := pixel.EncodeJPEG(bytes.Repeat([]byte{byte(n)}, 3*width*height), width, height, 90)
	if err != nil {
		t.Fatal(err)
	}
	return jpeg
}

// writeClip writes pictures at those times, and returns the file's path and where the muxer says that they are.
func writeClip(t *testing.T, times []time.Duration, picture func(n int) []byte) (path string, m *muxer) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "clip.mkv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if m, err = newMuxer(f, 320, 240, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), nil); err != nil {
		t.Fatal(err)
	}
	for i, at := range times {
		jpeg := picture(i)
		if err := m.begin(at, len(jpeg)); err != nil {
			t.Fatal(err)
		}
		m.cluster = append(m.cluster, jpeg...)
	}
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
	return path, m
}

// ffprobe is what ffprobe says of a file.
type ffprobe struct {
	Packets []struct {
		Time  string `json:"pts_time"`
		Size  string
		Pos   string
		Flags string
	}
	Streams []struct {
		Codec         string `json:"codec_name"`
		Width, Height int
	}
	Format struct {
		Name     string `json:"format_name"`
		Duration string
		Tags     map[string]string
	}
}

func probe(t *testing.T, path string) (p ffprobe) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-of", "json", "-show_packets", "-show_streams", "-show_format", path)
	var complaints bytes.Buffer
	c.Stderr = &complaints
	out, err := c.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("ffprobe: %v: %s", err, complaints.String())
	}
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlayersFindEachPictureAtItsTime(t *testing.T) {
	for name, times := range map[string][]time.Duration{
		"30 a second, 20 s":    regular(600, time.Second/30),
		"jitter and an outage": {5 * time.Second, 5033 * time.Millisecond, 5071 * time.Millisecond, 9 * time.Second, 9001 * time.Millisecond, 55 * time.Second},
		"one picture":          {time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			path, m := writeClip(t, times, func(n int) []byte { return jpegOf(t, n, 320, 240) })
			p := probe(t, path)
			if s := p.Streams[0]; s.Codec != "mjpeg" || s.Width != 320 || s.Height != 240 || p.Format.Name != "matroska,webm" {
				t.Errorf("%+v in %s", s, p.Format.Name)
			}
			if len(p.Packets) != len(times) {
				t.Fatalf("%d packets, want %d", len(p.Packets), len(times))
			}
			for i, packet := range p.Packets {
				want := fmt.Sprintf("%.3f000", float64(millis(times[i]-times[0]))/1000)
				if packet.Time != want || packet.Size != strconv.Itoa(m.frames[i].Size) || !strings.HasPrefix(packet.Flags, "K") {
					t.Fatalf("packet %d: %+v, want time %s, size %d, a key frame", i, packet, want, m.frames[i].Size)
				}
			}
			if want := fmt.Sprintf("%.6f", float64(millis(m.duration()))/1000); p.Format.Duration != want {
				t.Errorf("duration %s, want %s", p.Format.Duration, want)
			}
			if got := p.Format.Tags["creation_time"]; got != "2026-01-02T03:04:05.000000Z" {
				t.Errorf("made at %s", got)
			}
		})
	}
}

func regular(n int, interval time.Duration) []time.Duration {
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = time.Minute + time.Duration(i)*interval
	}
	return times
}

func TestFramesLieWhereTheMuxerSays(t *testing.T) {
	path, m := writeClip(t, regular(100, 40*time.Millisecond), func(n int) []byte { return jpegOf(t, n, 320, 240) })
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range m.frames {
		if got := file[f.Offset : f.Offset+int64(f.Size)]; !bytes.Equal(got, jpegOf(t, i, 320, 240)) {
			t.Fatalf("picture %d is not at %d", i, f.Offset)
		}
	}
}

// A player that seeks reads the index: ffmpeg decodes one picture from the middle, which must be the right one.
func TestPlayersSeekToTheRightPicture(t *testing.T) {
	path, _ := writeClip(t, regular(200, 100*time.Millisecond), func(n int) []byte { return jpegOf(t, n, 320, 240) })
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-ss", "12.3", "-i", path, "-frames:v", "1", "-pix_fmt", "gray",
		"-f", "rawvideo", "-").Output()
	if err != nil || len(out) != 320*240 {
		t.Fatalf("%v, %d bytes", err, len(out))
	}
	if out[0] < 121 || out[0] > 125 { // picture 123's brightness is 123
		t.Errorf("the picture at 12.3 s has brightness %d, want 123", out[0])
	}
}

func TestPicturesThatAreNotNewerAreRefused(t *testing.T) {
	m, err := newMuxer(discard{}, 1, 1, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   time.Duration
		fine bool
	}{{time.Second, true}, {time.Second, false}, {time.Second - 1, false}, {time.Second + 1, true}} {
		if err := m.begin(c.at, 1); (err == nil) != c.fine {
			t.Errorf("at %v: %v", c.at, err)
		}
	}
}

// discard is an output that keeps nothing.
type discard struct{}

func (discard) Write(b []byte) (int, error)            { return len(b), nil }
func (discard) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

func TestMuxingAllocatesNothingForAPicture(t *testing.T) {
	m, err := newMuxer(discard{}, 640, 480, time.Now(), make([]byte, 0, 2*clusterBytes))
	if err != nil {
		t.Fatal(err)
	}
	m.frames, m.cues = make([]Frame, 0, 10_000), make([]cue, 0, 1000)
	jpeg, at := make([]byte, 30_000), time.Duration(0)
	if n := testing.AllocsPerRun(20, func() { // it rounds down: each run has many pictures
		for range 100 {
			at += time.Second / 30
			if err := m.begin(at, len(jpeg)); err != nil {
				t.Fatal(err)
			}
			m.cluster = append(m.cluster, jpeg...)
		}
	}); n > 5 { // a cluster a second allocates its time
		t.Errorf("%v allocations per 100 pictures", n)
	}
}

// When a view of a large camera is switched off, the pictures that follow are encoded, and smaller. Players show both sizes.
func TestPicturesMayChangeTheirSize(t *testing.T) {
	path, _ := writeClip(t, regular(20, time.Second/10), func(n int) []byte {
		if n < 10 {
			return jpegOf(t, 60, 320, 240)
		}
		return jpegOf(t, 180, 160, 120)
	})
	c := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-xerror", "-i", path, "-vf", "scale=1:1,format=gray", "-f", "rawvideo", "-")
	var complaints bytes.Buffer
	c.Stderr = &complaints
	pixels, err := c.Output()
	if err != nil || complaints.Len() > 0 || len(pixels) != 20 {
		t.Fatalf("ffmpeg decodes %d pictures of 20: %v: %s", len(pixels), err, complaints.String())
	}
	for n, v := range pixels {
		if (v > 120) != (n >= 10) {
			t.Errorf("picture %d has brightness %d", n, v)
		}
	}
}
