package capture

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edged/capture/pixel"
	"edged/internal/testkit"
)

// firstShown returns what the model would see of a source's first picture: 24x24 RGB.
func firstShown(t *testing.T, s Source) []byte {
	t.Helper()
	d, err := pixel.NewDecoder(24, 24)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var shown []byte
	err = s.Run(ctx, func(f *Frame) Finding {
		if shown == nil {
			shown = make([]byte, 3*24*24)
			if err := d.Decode(shown, f.Format, f.Data); err != nil {
				t.Errorf("%s: %v", s, err)
			}
			cancel()
		}
		return Finding{Verdict: Good}
	})
	if shown == nil {
		t.Fatalf("%s: no picture: %v", s, err)
	}
	return shown
}

// difference is the mean difference of two pictures, in levels of 255.
func difference(a, b []byte) float64 {
	sum := 0
	for i := range a {
		sum += max(int(a[i]), int(b[i])) - min(int(a[i]), int(b[i]))
	}
	return float64(sum) / float64(len(a))
}

// One scene, sent and stored in many ways: with other colours, squeezed, with a border, turned. The model sees the same of each.
func TestEverySourceShowsTheSame(t *testing.T) {
	testkit.Slow(t)
	const scene = "ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=128x96:rate=5:duration=1 "
	want := firstShown(t, &Command{Line: scene + "-pix_fmt yuv444p -f yuv4mpegpipe -"})
	for name, arguments := range map[string]string{
		"Y4M 4:2:0":                 "-pix_fmt yuv420p -f yuv4mpegpipe -",
		"Y4M 4:2:2":                 "-pix_fmt yuv422p -f yuv4mpegpipe -",
		"Y4M full range":            "-pix_fmt yuvj420p -strict -1 -f yuv4mpegpipe -",
		"Y4M, half as wide":         "-vf scale=64:96,setsar=2 -pix_fmt yuv420p -f yuv4mpegpipe -",
		"Y4M, half as high":         "-vf scale=128:48,setsar=1/2 -pix_fmt yuv420p -f yuv4mpegpipe -",
		"JPEGs":                     "-q:v 2 -f mjpeg -",
		"JPEGs, half as wide":       "-vf scale=64:96,setsar=2 -q:v 2 -f mjpeg -",
		"multipart":                 "-q:v 2 -f mpjpeg -",
		"Matroska I420":             "-pix_fmt yuv420p -c:v rawvideo -f matroska -",
		"Matroska NV12":             "-pix_fmt nv12 -c:v rawvideo -f matroska -",
		"Matroska NV21":             "-pix_fmt nv21 -c:v rawvideo -f matroska -",
		"Matroska YUYV":             "-pix_fmt yuyv422 -c:v rawvideo -f matroska -",
		"Matroska UYVY":             "-pix_fmt uyvy422 -c:v rawvideo -f matroska -",
		"Matroska 4:2:2":            "-pix_fmt yuv422p -c:v rawvideo -f matroska -",
		"Matroska full range":       "-pix_fmt yuvj420p -c:v rawvideo -f matroska -",
		"Matroska BT.709":           "-vf scale=out_color_matrix=bt709,format=yuv420p -colorspace bt709 -c:v rawvideo -f matroska -",
		"Matroska, half as wide":    "-vf scale=64:96,setsar=2 -pix_fmt yuv420p -c:v rawvideo -f matroska -",
		"Matroska JPEGs":            "-q:v 2 -c:v mjpeg -f matroska -",
		"Matroska JPEGs, half wide": "-vf scale=64:96,setsar=2 -q:v 2 -c:v mjpeg -f matroska -",
		"Matroska with sound first": "-f lavfi -i sine=duration=1 -map 1:a -map 0:v -pix_fmt yuv420p -c:v rawvideo -c:a pcm_s16le -f matroska -",
	} {
		t.Run(name, func(t *testing.T) {
			if d := difference(firstShown(t, &Command{Line: scene + arguments}), want); d > 12 {
				t.Errorf("the picture is %.1f levels off", d)
			}
		})
	}
	for name, arguments := range map[string]string{
		"a.mp4":    "-c:v mpeg4 -q:v 2",
		"b.mp4":    "-vf scale=64:96,setsar=2 -c:v mpeg4 -q:v 2",
		"c.mkv":    "-vf scale=128:48,setsar=1/2 -c:v mpeg4 -q:v 2",
		"d.mkv":    "-vf scale=out_color_matrix=bt709,format=yuv420p -colorspace bt709 -color_primaries bt709 -color_trc bt709 -c:v libx264 -crf 4",
		"e.mkv":    "-vf scale=out_range=full,format=yuvj420p -c:v libx264 -crf 4",
		"f.avi":    "-c:v rawvideo -pix_fmt yuyv422",
		"g.y4m":    "-vf scale=64:96,setsar=2 -pix_fmt yuv420p",
		"h.mjpeg":  "-vf scale=64:96,setsar=2 -q:v 2 -f mjpeg",
		"i.mpjpeg": "-q:v 2 -f mpjpeg",
		"j.mkv":    "-vf scale=64:96,setsar=2 -q:v 2 -c:v mjpeg",
		"k.ts":     "-vf scale=64:96,setsar=2 -c:v mpeg2video -q:v 2",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			mustMake(t, scene+arguments+" "+path)
			if d := difference(firstShown(t, &File{Path: path}), want); d > 12 {
				t.Errorf("the picture is %.1f levels off", d)
			}
		})
	}
	for degrees, filter := range map[int]string{90: "transpose=1", 180: "hflip,vflip", 270: "transpose=2"} {
		t.Run(fmt.Sprintf("turned by %d degrees", degrees), func(t *testing.T) {
			lying, upright := filepath.Join(t.TempDir(), "lying.mp4"), filepath.Join(t.TempDir(), "upright.mp4")
			mustMake(t, fmt.Sprintf("%s -vf %s -c:v mpeg4 -q:v 2 %s && ffmpeg -nostdin -v error -i %s -c copy -metadata:s:v rotate=%d %s", scene, filter, lying, lying, degrees, upright))
			if d := difference(firstShown(t, &File{Path: upright}), want); d > 12 {
				t.Errorf("the picture is %.1f levels off", d)
			}
		})
	}
}

// mustMake runs a shell command that makes a file by ffmpeg.
func mustMake(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg (make deps installs it): %s: %v: %s", line, err, out)
	}
}

// What no picture can be made of is refused by its name, and never shown in wrong colours.
func TestOtherVideoIsRefusedByName(t *testing.T) {
	testkit.Slow(t)
	const scene = "ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=128x96:rate=5:duration=1 "
	for arguments, want := range map[string]string{
		"-pix_fmt yuv411p -c:v rawvideo -f matroska -":                                                        `raw video as "Y41B"`,
		"-pix_fmt rgba -c:v rawvideo -f matroska -":                                                           `raw video as "RGBA"`,
		"-pix_fmt yuv420p10le -c:v rawvideo -allow_raw_vfw 1 -f matroska -":                                   "raw video as",
		"-c:v ffv1 -f matroska -":                                                                             "FFV1",
		"-pix_fmt rgb24 -c:v rawvideo -allow_raw_vfw 1 -f matroska -":                                         `raw video as "BI_RGB"`,
		"-c:v libx264 -f matroska -":                                                                          "H.264 (V_MPEG4/ISO/AVC)",
		"-pix_fmt yuv411p -f yuv4mpegpipe -":                                                                  `chroma format "411"`,
		"-pix_fmt yuv420p10le -strict -1 -f yuv4mpegpipe -":                                                   `chroma format "420p10"`,
		"-f lavfi -i sine=duration=1 -map 1:a -f matroska -":                                                  "no video in the stream",
		"-vf scale=out_color_matrix=bt2020 -colorspace bt2020nc -pix_fmt yuv420p -c:v rawvideo -f matroska -": "matrix 9",
	} {
		err := (&Command{Line: scene + arguments}).Run(t.Context(), func(*Frame) Finding {
			t.Errorf("%s: a picture", arguments)
			return Finding{Verdict: Good}
		})
		if strings.Contains(fmt.Sprint(err), "Broken pipe") {
			t.Errorf("%s: %v: edged has closed the pipe", arguments, err)
		}
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want %q", arguments, err, want)
		}
	}
}

// element is an element of EBML with a size of four bytes.
func element(id string, body ...string) string {
	b := strings.Join(body, "")
	n := len(b)
	return id + string([]byte{0x10 | byte(n>>24), byte(n >> 16), byte(n >> 8), byte(n)}) + b
}

// matroskaFile is a file of JPEGs, whose Video element has more in it than size.
func matroskaFile(t *testing.T, jpeg []byte, width, height byte, more ...string) string {
	t.Helper()
	head := element("\x1a\x45\xdf\xa3", element("\x42\x82", "matroska"), element("\x42\x87", "\x04"), element("\x42\x85", "\x02"))
	video := element("\xe0", append([]string{element("\xb0", string([]byte{width})), element("\xba", string([]byte{height}))}, more...)...)
	track := element("\xae", element("\xd7", "\x01"), element("\x73\xc5", "\x01"), element("\x83", "\x01"), element("\x86", "V_MJPEG"), video)
	cluster := []string{element("\xe7", "\x00")}
	for i := range byte(5) {
		cluster = append(cluster, element("\xa3", "\x81\x00", string([]byte{40 * i}), "\x80", string(jpeg)))
	}
	return write(t, "shape.mkv", []byte(head+element("\x18\x53\x80\x67", element("\x15\x49\xa9\x66", element("\x2a\xd7\xb1", "\x0f\x42\x40")),
		element("\x16\x54\xae\x6b", track), element("\x1f\x43\xb6\x75", cluster...))))
}

// Matroska's crop and rotation count whichever way the file is read, by whichever ffmpeg.
func TestMatroskaIsCroppedAndTurned(t *testing.T) {
	testkit.Slow(t)
	const scene = "ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=128x96:rate=5:duration=1 "
	want := firstShown(t, &Command{Line: scene + "-pix_fmt yuv444p -f yuv4mpegpipe -"})
	jpeg := func(filter string) []byte {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", scene+"-vf "+filter+" -frames:v 1 -q:v 2 -f mjpeg -").Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const cropLeft, cropTop, cropRight, displayWidth, displayHeight, projection, roll = "\x54\xcc", "\x54\xbb", "\x54\xdd", "\x54\xb0", "\x54\xba", "\x76\x70", "\x76\x75"
	for what, path := range map[string]string{
		"a border": matroskaFile(t, jpeg("pad=160:112:24:16:white"), 160, 112, element(cropLeft, "\x18"), element(cropTop, "\x10"), element(cropRight, "\x08")),
		"a border, and half as wide": matroskaFile(t, jpeg("scale=64:96,setsar=1,pad=80:96:16:0:white"), 80, 96, element(cropLeft, "\x10"),
			element(displayWidth, "\x80"), element(displayHeight, "\x60")),
		"90 degrees against the clock": matroskaFile(t, jpeg("transpose=clock"), 96, 128, element(projection, element(roll, "\x42\xb4\x00\x00"))),
		"90 degrees with the clock":    matroskaFile(t, jpeg("transpose=cclock"), 96, 128, element(projection, element(roll, "\xc2\xb4\x00\x00"))),
		"upside down":                  matroskaFile(t, jpeg("hflip,vflip"), 128, 96, element(projection, element(roll, "\x43\x34\x00\x00"))),
	} {
		for _, version := range ffmpegVersions {
			t.Run(what+", ffmpeg "+version, func(t *testing.T) {
				useFFmpeg(t, version)
				if d := difference(firstShown(t, &File{Path: path}), want); d > 12 {
					t.Errorf("the picture is %.1f levels off", d)
				}
			})
		}
		t.Run(what+", from a command", func(t *testing.T) {
			if d := difference(firstShown(t, &Command{Line: "cat " + path}), want); d > 12 {
				t.Errorf("the picture is %.1f levels off", d)
			}
		})
	}
}
