package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edged/capture/pixel"
	"edged/internal/testkit"
)

// ffmpegVersions are the system's and those that build/deps.sh installs.
var ffmpegVersions = []string{"system", "4.2.2", "7.0.2", "9.0.2"}

// useFFmpeg makes that version the one that edged finds.
func useFFmpeg(t *testing.T, version string) {
	t.Helper()
	if version == "system" {
		return
	}
	dir := filepath.Join(os.Getenv("EDGED_CACHE"), "ffmpeg", version)
	if _, err := os.Stat(filepath.Join(dir, "ffmpeg")); err != nil {
		t.Fatalf("%v (make deps installs it)", err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// crashesOnMPEGTS says whether that version is a static build that crashes when it opens any MPEG-TS: its C library cannot load
// the character sets in which a channel's name may be.
func crashesOnMPEGTS(version string) bool { return version == "4.2.2" || version == "7.0.2" }

// video makes a file of that name by the system's ffmpeg and returns its path.
func video(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	passthrough, err := passthroughOption(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	arguments = with(with([]string{"-v", "error", "-y"}, arguments...), passthrough, "passthrough", path)
	out, err := exec.CommandContext(t.Context(), "ffmpeg", arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg (make deps installs it): %v: %s", err, out)
	}
	return path
}

// testsrc are the arguments for a moving picture.
func testsrc(options string) []string {
	return []string{"-f", "lavfi", "-i", "testsrc=s=64x48:" + options}
}

func with(first []string, more ...string) []string {
	return append(append([]string{}, first...), more...)
}

// joined is a file with the contents of all of them.
func joined(t *testing.T, name string, paths ...string) string {
	t.Helper()
	var all []byte
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return write(t, name, all)
}

// flvGoingBack is an FLV whose clock goes back by that much at the given time: every tag has a time of its own.
func flvGoingBack(t *testing.T, at, back time.Duration) string {
	t.Helper()
	data, err := os.ReadFile(video(t, "a.flv", with(testsrc("r=30:d=6"), "-c:v", "flv1")...))
	if err != nil {
		t.Fatal(err)
	}
	const header, tagHeader, backPointer = 13, 11, 4
	for p := header; p+tagHeader < len(data); {
		size := int(data[p+1])<<16 | int(data[p+2])<<8 | int(data[p+3])
		ms := time.Duration(data[p+7])<<24 | time.Duration(data[p+4])<<16 | time.Duration(data[p+5])<<8 | time.Duration(data[p+6])
		if ms *= time.Millisecond; ms >= at {
			ms -= back
		}
		ms /= time.Millisecond
		data[p+4], data[p+5], data[p+6], data[p+7] = byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24)
		p += tagHeader + size + backPointer
	}
	return write(t, "back.flv", data)
}

// constant is n times at that rate from the first on.
func constant(first time.Duration, rate, n int) (times []time.Duration) {
	for i := range n {
		times = append(times, first+time.Duration(i)*time.Second/time.Duration(rate))
	}
	return times
}

// Every ffmpeg hands over the times that the container has: where they are uneven, pause, go back or begin late.
func TestTimesAreTheContainers(t *testing.T) {
	testkit.Slow(t)
	silence := []string{"-f", "lavfi", "-t", "8", "-i", "anullsrc"}
	late := with(silence, "-itsoffset", "5", "-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=2", "-map", "0", "-map", "1")
	pause := []string{"-vf", "setpts='PTS+gte(N,50)*60/TB'", "-c:v", "mpeg2video"}
	after := append(constant(0, 25, 50), constant(62*time.Second, 25, 50)...)
	small := video(t, "small.mpg", with(testsrc("r=25:d=2"), "-c:v", "mpeg2video")...)
	large := video(t, "large.mpg", "-f", "lavfi", "-i", "testsrc=s=128x72:r=25:d=2", "-c:v", "mpeg2video")
	var uneven []time.Duration
	for n := range 90 {
		uneven = append(uneven, time.Duration(3000*n+100*n*n)*time.Second/90000) // ffmpeg takes it for 7.6 frames a second
	}
	for _, c := range []struct {
		name string
		path string
		want []time.Duration
	}{
		{"uneven, on a base of 1/90000 s", video(t, "uneven.mp4", with(testsrc("r=30:d=3"), "-vf",
			"settb=1/90000,setpts='3000*N+100*N*N'", "-enc_time_base", "1:90000",
			"-video_track_timescale", "90000", "-c:v", "mjpeg")...), uneven},
		{"a clock that starts again from 0, in MPEG-TS", video(t, "wrap.ts", with(testsrc("r=25:d=4"), "-c:v", "mpeg2video", "-output_ts_offset", "95440.2", "-muxdelay", "0")...), constant(0, 25, 100)},
		{"a pause in FLV", video(t, "pause.flv", with(testsrc("r=25:d=4"), "-vf", pause[1], "-c:v", "flv1")...), after},
		{"a pause in MPEG-TS", video(t, "pause.ts", with(testsrc("r=25:d=4"), pause...)...), after},
		{"back by 3 s", flvGoingBack(t, 4*time.Second, 3*time.Second), append(constant(0, 30, 120), constant(time.Second, 30, 60)...)},
		{"two recordings, one after the other, of two sizes", joined(t, "sizes.mpg", small, large),
			append(constant(0, 25, 49), constant(0, 25, 50)...)}, // the last picture before the seam is lost
		{"begins after the sound, in Matroska", video(t, "late.mkv", with(late, "-c:v", "mjpeg", "-c:a", "pcm_s16le")...), constant(5*time.Second, 25, 50)},
		{"begins after the sound, in MPEG-TS", video(t, "late.ts", with(late, "-c:v", "mpeg2video", "-c:a", "mp2")...), constant(5*time.Second, 25, 50)},
	} {
		for _, version := range ffmpegVersions {
			if crashesOnMPEGTS(version) && strings.HasSuffix(c.path, ".ts") {
				continue
			}
			t.Run(c.name+", ffmpeg "+version, func(t *testing.T) {
				useFFmpeg(t, version)
				times, _, err := record(t, &File{Path: c.path})
				if !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				if wrong := differing(times, c.want); wrong >= 0 {
					t.Errorf("%d frames, want %d; frame %d is at %v, want %v", len(times), len(c.want), wrong, at(times, wrong), at(c.want, wrong))
				}
			})
		}
	}
}

// differing returns the first index at which the times are not the same, to a few milliseconds: some containers have no finer unit,
// and MPEG's first sound is some milliseconds before its first picture. It is -1 where there is none.
func differing(got, want []time.Duration) int {
	for i := range max(len(got), len(want)) {
		if d := at(got, i) - at(want, i); i >= len(got) || i >= len(want) || d.Abs() > 15*time.Millisecond {
			return i
		}
	}
	return -1
}

func at(times []time.Duration, i int) time.Duration {
	if i >= len(times) {
		return -1
	}
	return times[i]
}

// A frame rate is for whatever has no times, and is not ignored in silence elsewhere.
func TestFrameRateOfAFileWithoutTimes(t *testing.T) {
	testkit.Slow(t)
	timed := video(t, "a.mkv", with(testsrc("r=25:d=1"), "-c:v", "mjpeg")...)
	raw := video(t, "a.h264", with(testsrc("r=25:d=1"), "-c:v", "libx264")...)
	mpeg4 := video(t, "a.m4v", with(testsrc("r=25:d=1"), "-c:v", "mpeg4", "-f", "m4v")...)
	y4m := write(t, "a.y4m", y4mFile("W16 H8 F25:1", 192, 25))
	for _, version := range ffmpegVersions {
		for _, c := range []struct {
			path  string
			given float64
			rate  int // of the frames' times
			told  bool
		}{
			{raw, 10, 10, false},
			{raw, 0, 25, false},
			{mpeg4, 5, 5, false},
			{timed, 10, 25, true},
			{timed, 0, 25, false},
			{y4m, 10, 25, true},
		} {
			t.Run(fmt.Sprintf("%s at %g, ffmpeg %s", filepath.Base(c.path), c.given, version), func(t *testing.T) {
				useFFmpeg(t, version)
				var log bytes.Buffer
				times, _, err := record(t, &File{Path: c.path, FrameRate: c.given, Log: slog.New(slog.NewTextHandler(&log, nil))})
				if !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				want := constant(0, c.rate, 25)
				if wrong := differing(times, want); wrong >= 0 {
					t.Errorf("%d frames; frame %d is at %v, want %v", len(times), wrong, at(times, wrong), at(want, wrong))
				}
				if told := strings.Contains(log.String(), "no effect"); told != c.told {
					t.Errorf("log %q, want a warning: %v", &log, c.told)
				}
			})
		}
	}
}

// Cover art is a video stream, too, and often the first.
func TestTheFirstVideoThatMovesIsPlayed(t *testing.T) {
	testkit.Slow(t)
	moving := video(t, "moving.mkv", with(testsrc("r=25:d=2"), "-c:v", "mjpeg")...)
	picture := video(t, "cover.jpg", "-f", "lavfi", "-i", "color=red:s=320x240:d=1", "-frames:v", "1")
	both := []string{"-i", picture, "-i", moving, "-map", "0", "-map", "1", "-c", "copy"}
	marked := video(t, "marked.mp4", with(both, "-disposition:v:0", "attached_pic")...)
	unmarked := video(t, "unmarked.mkv", both...)
	art := video(t, "sound.mp3", "-f", "lavfi", "-t", "1", "-i", "anullsrc", "-i", picture, "-map", "0", "-map", "1", "-c:v", "copy")
	sound := video(t, "sound.wav", "-f", "lavfi", "-t", "1", "-i", "anullsrc")
	for _, version := range ffmpegVersions {
		for _, c := range []struct {
			path   string
			frames int
			want   string // in the error
		}{
			{marked, 50, ""},
			{unmarked, 50, ""},
			{art, 0, "only a cover picture"},
			{sound, 0, "no video in it"},
		} {
			t.Run(filepath.Base(c.path)+", ffmpeg "+version, func(t *testing.T) {
				useFFmpeg(t, version)
				times, format, err := record(t, &File{Path: c.path})
				if c.want != "" {
					if err == nil || !strings.Contains(err.Error(), c.want) {
						t.Errorf("error %v, want one with %q", err, c.want)
					}
				} else if !errors.Is(err, io.EOF) || len(times) != c.frames || format.Width != 64 {
					t.Errorf("%d frames of %dx%d, %v; want %d of 64x48", len(times), format.Width, format.Height, err, c.frames)
				}
			})
		}
	}
}

// Pixels that are not square come out square.
func TestPicturesHaveSquarePixels(t *testing.T) {
	testkit.Slow(t)
	path := video(t, "wide.mkv", with(testsrc("r=25:d=1"), "-vf", "setsar=2", "-c:v", "mpeg4")...)
	for _, version := range ffmpegVersions {
		t.Run(version, func(t *testing.T) {
			useFFmpeg(t, version)
			if _, format, err := record(t, &File{Path: path}); !errors.Is(err, io.EOF) || format.Width != 128 || format.Height != 48 {
				t.Errorf("%dx%d, %v; want 128x48", format.Width, format.Height, err)
			}
		})
	}
}

// ffmpeg hands over no more pixels than are needed, and the model sees the same picture.
func TestLargePicturesAreMadeSmaller(t *testing.T) {
	testkit.Slow(t)
	decoder, err := pixel.NewDecoder(96, 96)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	for _, c := range []struct {
		size, want string
		difference float64 // on average, of 255, at most
	}{
		{"3840x2160", "768x432", 1},
		{"1920x1080", "960x540", 1},
		{"2160x3840", "432x768", 1},
		{"1366x768", "683x384", 4}, // its middle is half a pixel off
		{"640x480", "640x480", 0},
		{"96x64", "96x64", 0},
	} {
		path := video(t, "a.mkv", "-f", "lavfi", "-i", "testsrc2=d=0.2:r=10:s="+c.size, "-c:v", "mjpeg", "-q:v", "2")
		for _, version := range ffmpegVersions {
			t.Run(c.size+", ffmpeg "+version, func(t *testing.T) {
				useFFmpeg(t, version)
				var rgb [2][]byte
				for i, f := range []*File{{Path: path}, {Path: path, Width: 192, Height: 192}} {
					err := f.Run(t.Context(), func(frame *Frame) Finding {
						rgb[i] = make([]byte, 3*96*96)
						if size := fmt.Sprintf("%dx%d", frame.Format.Width, frame.Format.Height); i == 1 && size != c.want {
							t.Errorf("%s, want %s", size, c.want)
						}
						if err := decoder.Decode(rgb[i], frame.Format, frame.Data); err != nil {
							t.Fatal(err)
						}
						return Finding{Verdict: Good}
					})
					if !errors.Is(err, io.EOF) {
						t.Fatal(err)
					}
				}
				difference := 0
				for i := range rgb[0] {
					difference += max(int(rgb[0][i])-int(rgb[1][i]), int(rgb[1][i])-int(rgb[0][i]))
				}
				if mean := float64(difference) / float64(len(rgb[0])); mean > c.difference {
					t.Errorf("the model's pictures differ by %.2f of 255 on average", mean)
				}
			})
		}
	}
}
