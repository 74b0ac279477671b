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
