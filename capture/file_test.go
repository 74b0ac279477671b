package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"edged/capture/pixel"
	"edged/internal/clock"
	"edged/internal/testkit"
)

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// jpegStream is n grey pictures, each brighter than the one before.
func jpegStream(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	for i := range n {
		m := image.NewGray(image.Rect(0, 0, 32, 24))
		for k := range m.Pix {
			m.Pix[k] = byte(20 * i)
		}
		if err := jpeg.Encode(&b, m, nil); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func y4mFile(header string, frameSize, n int) []byte {
	b := []byte("YUV4MPEG2 " + header + "\n")
	for i := range n {
		b = append(b, "FRAME\n"...)
		b = append(b, bytes.Repeat([]byte{byte(20 * i)}, frameSize)...)
	}
	return b
}

// record plays f to its end, decodes every frame, and returns the frames' times and format.
func record(t *testing.T, f *File) (times []time.Duration, format pixel.Format, err error) {
	t.Helper()
	d, derr := pixel.NewDecoder(8, 8)
	if derr != nil {
		t.Fatal(derr)
	}
	defer d.Close()
	rgb := make([]byte, 3*8*8)
	err = f.Run(t.Context(), showing(func(frame *Frame) {
		if derr := d.Decode(rgb, frame.Format, frame.Data); derr != nil {
			t.Errorf("%s: frame %d: %v", f, frame.Sequence, derr)
		}
		if int(frame.Sequence) != len(times) {
			t.Errorf("%s: sequence %d after %d frames", f, frame.Sequence, len(times))
		}
		times, format = append(times, frame.Time), frame.Format
	}))
	if errors.As(err, new(damaged)) {
		t.Errorf("%s is whole: %v", f, err)
	}
	return times, format, err
}

func ms(n ...int) (out []time.Duration) {
	for _, v := range n {
		out = append(out, time.Duration(v)*time.Millisecond)
	}
	return out
}

func TestFile(t *testing.T) {
	for _, c := range []struct {
		name   string
		data   []byte
		rate   float64
		times  []time.Duration
		format pixel.Format
	}{
		{"MJPEG at a given rate", jpegStream(t, 3), 10, ms(0, 100, 200), pixel.Format{FourCC: pixel.MJPEG}},
		{"one JPEG", jpegStream(t, 1), 0, ms(0), pixel.Format{FourCC: pixel.MJPEG}},
		{"Y4M 4:2:0", y4mFile("W16 H8 F20:1", 192, 3), 0, ms(0, 50, 100), pixel.Format{FourCC: pixel.YUV420, Width: 16, Height: 8}},
		{"Y4M odd", y4mFile("W15 H7 F20:1 C420jpeg", 105+2*8*4, 1), 0, ms(0), pixel.Format{FourCC: pixel.YUV420, Width: 15, Height: 7}},
		{"Y4M 4:2:2", y4mFile("W16 H8 F20:1 C422", 256, 1), 0, ms(0), pixel.Format{FourCC: pixel.YUV422, Width: 16, Height: 8}},
		{"Y4M 4:4:4", y4mFile("W16 H8 F20:1 C444 XCOLORRANGE=FULL", 384, 1), 0, ms(0), pixel.Format{FourCC: pixel.YUV444, Width: 16, Height: 8, FullRange: true}},
		{"Y4M mono, no rate", y4mFile("W16 H8 Cmono", 128, 2), 4, ms(0, 250), pixel.Format{FourCC: pixel.Grey, Width: 16, Height: 8}},
	} {
		f := &File{Path: write(t, "video", c.data), FrameRate: c.rate, Counters: new(Counters)}
		times, format, err := record(t, f)
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: error %v, want io.EOF", c.name, err)
		}
		if fmt.Sprint(times) != fmt.Sprint(c.times) || format != c.format {
			t.Errorf("%s: frames at %v as %v, want %v as %v", c.name, times, format, c.times, c.format)
		}
		if n := f.Counters.Frames.Load(); int(n) != len(times) {
			t.Errorf("%s: %d frames counted", c.name, n)
		}
	}
}

func TestFileRefuses(t *testing.T) {
	testkit.Slow(t)
	for _, c := range []struct {
		path string
		want string
	}{
		{filepath.Join(t.TempDir(), "absent.avi"), "no such file"},
		{t.TempDir(), "folder"},
		{fifo(t), "named pipe"},
		{"/dev/zero", "device"},
		{write(t, "empty", nil), "it is empty"},
		{write(t, "notes.txt", []byte("no video at all, but some text\n")), "it is not a video"},
		{write(t, "bad.y4m", []byte("YUV4MPEG2 W16 H0\n")), `parameter "H0"`},
		{write(t, "slow.y4m", y4mFile("W16 H8 F1:2147483647", 192, 9)), `parameter "F1:2147483647": must be at least 0.01`},
		{write(t, "none.y4m", y4mFile("W16 H8 F20:1", 192, 0)), "no picture"},
		{write(t, "cut.y4m", y4mFile("W16 H8 F20:1", 192, 2)[:300]), "frame 1: 73 of 192 bytes"},
		{write(t, "list.m3u8", []byte("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n")), "ffmpeg cannot read it: "},
	} {
		_, _, err := record(t, &File{Path: c.path})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: error %v, want one with %q", c.path, err, c.want)
		}
	}
}

// A file name is bytes: ffmpeg must read none as a pattern of others, an address or an option.
func TestFileNamesAreBytes(t *testing.T) {
	testkit.Slow(t)
	dir := t.TempDir()
	picture := filepath.Join(dir, "picture.png")
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1", picture).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg (make deps installs it): %v: %s", err, out)
	}
	data, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"%03d.png", "100%.png", "a%d.jpg", "*.png", "?.png", "{1,2}.png", "[ab].png", "\xff\xfe.png", "a\nb.png", "-i.png", "http:x.png", "pipe:0", "a|b.png", " .png", "'.png",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if times, _, err := record(t, &File{Path: path}); len(times) != 1 || !errors.Is(err, io.EOF) {
			t.Errorf("%q: %d pictures, %v", name, len(times), err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, name := range []string{"-i.png", "pipe:0", "http:x.png"} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if times, _, err := record(t, &File{Path: name}); len(times) != 1 || !errors.Is(err, io.EOF) {
			t.Errorf("%q in the working folder: %d pictures, %v", name, len(times), err)
		}
	}
}

// variableRate is a file whose frames are 40, 80 and 120 ms apart in turn, as ffmpeg itself makes it.
func variableRate(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vfr.mkv")
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=2",
		"-vf", "select='not(mod(n,6))+not(mod(n-1,6))+not(mod(n-3,6))'", "-c:v", "mpeg4", "-bf", "2", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg (make deps installs it): %v: %s", err, out)
	}
	return path
}

func TestFileByFFmpegKeepsTimes(t *testing.T) {
	testkit.Slow(t)
	times, format, err := record(t, &File{Path: variableRate(t)})
	if !errors.Is(err, io.EOF) {
		t.Fatalf("error %v, want io.EOF", err)
	}
	if want := (pixel.Format{FourCC: pixel.YUV420, Width: 64, Height: 48}); format != want {
		t.Errorf("format %v, want %v", format, want)
	}
	var want []time.Duration
	for n := 0; n < 50; n++ {
		if n%6 == 0 || n%6 == 1 || n%6 == 3 {
			want = append(want, time.Duration(n)*40*time.Millisecond)
		}
	}
	if fmt.Sprint(times) != fmt.Sprint(want) {
		t.Errorf("frames at %v, want %v", times, want)
	}
}

func TestFileLoops(t *testing.T) {
	f := &File{Path: write(t, "loop.mjpeg", jpegStream(t, 3)), FrameRate: 10, Loop: true}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var times []time.Duration
	err := f.Run(ctx, showing(func(frame *Frame) {
		if first := len(times)%3 == 0; frame.Restart != first {
			t.Errorf("frame %d: Restart %v, want it with the first of each pass", len(times), frame.Restart)
		}
		if times = append(times, frame.Time); len(times) == 8 {
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if want := ms(0, 100, 200, 1200, 1300, 1400, 2400, 2500); fmt.Sprint(times) != fmt.Sprint(want) {
		t.Errorf("frames at %v, want %v", times, want)
	}
}

func TestFileEndsWithContext(t *testing.T) {
	testkit.Slow(t)
	// The child process must be gone, too: goleak would see its copying goroutine.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := (&File{Path: variableRate(t), Loop: true}).Run(ctx, showing(func(f *Frame) {
		if f.Sequence == 30 {
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// A camera that records only movement leaves an hour between two pictures. In real time the player does not wait for that, and no
// window may have both pictures.
func TestFileWithAPause(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pause.mkv")
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=0.4",
		"-vf", "setpts='PTS+gte(N,5)*3600/TB'", "-c:v", "mpeg4", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg (make deps installs it): %v: %s", err, out)
	}
	var restarts []uint32
	f := &File{Path: path, RealTime: true}
	err = f.Run(t.Context(), showing(func(frame *Frame) {
		if frame.Restart {
			restarts = append(restarts, frame.Sequence)
		}
		if now := clock.Monotonic(); frame.Time > now {
			t.Errorf("frame %d came %v before its time", frame.Sequence, frame.Time-now)
		}
	}))
	if !errors.Is(err, io.EOF) || fmt.Sprint(restarts) != "[0 5]" {
		t.Errorf("restarts at %v, error %v; want at 0 and 5, and the end", restarts, err)
	}
}

// In real time a file whose clock goes back plays on at once, and no window contains the frames on both sides.
func TestFileWhoseClockGoesBackInRealTime(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	f := &File{Path: flvGoingBack(t, time.Second, 800*time.Millisecond), RealTime: true}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var restarts []uint32
	var times []time.Duration
	err := f.Run(ctx, showing(func(frame *Frame) {
		if frame.Restart {
			restarts = append(restarts, frame.Sequence)
		}
		if times = append(times, frame.Time); len(times) == 60 {
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) || fmt.Sprint(restarts) != "[0 30]" || !slices.IsSorted(times) {
		t.Errorf("restarts at %v, error %v, times %v; want at 0 and 30", restarts, err, times)
	}
	if lasted := times[len(times)-1] - times[0]; lasted > 4*time.Second {
		t.Errorf("60 frames of 30 a second took %v", lasted)
	}
}

func TestFileInRealTime(t *testing.T) {
	f := &File{Path: write(t, "rt.mjpeg", jpegStream(t, 6)), FrameRate: 50, RealTime: true}
	start := clock.Monotonic()
	var times []time.Duration
	err := f.Run(t.Context(), showing(func(frame *Frame) {
		if now := clock.Monotonic(); frame.Time > now {
			t.Errorf("frame %d came %v before its time", frame.Sequence, frame.Time-now)
		}
		times = append(times, frame.Time)
	}))
	if !errors.Is(err, io.EOF) || len(times) != 6 {
		t.Fatalf("%d frames, error %v", len(times), err)
	}
	if times[0] < start || times[5] > clock.Monotonic() {
		t.Errorf("times %v are not CLOCK_MONOTONIC, which started at %v", times, start)
	}
	for i := 1; i < len(times); i++ {
		// Where the machine stood still for longer than behind, the player sets its clock anew.
		if step := times[i] - times[i-1]; step != 20*time.Millisecond && step < behind {
			t.Errorf("frame %d is %v after the one before, want 20ms", i, step)
		}
	}
}

func TestFileAllocatesNothingPerFrame(t *testing.T) {
	f := &File{Path: write(t, "many.y4m", y4mFile("W16 H8 F20:1", 192, 2000)), Loop: true}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	frames := make(chan struct{})
	done := make(chan error)
	go func() { done <- f.Run(ctx, showing(func(*Frame) { frames <- struct{}{} })) }()
	if n := testing.AllocsPerRun(1000, func() { <-frames }); n > 0 {
		t.Errorf("%v allocations per frame, want 0", n)
	}
	cancel()
	for {
		select {
		case <-frames:
		case <-done:
			return
		}
	}
}
