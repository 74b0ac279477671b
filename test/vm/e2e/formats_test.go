package e2e

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Every raw format, out of the kernel's own test driver: each of its colour bars must come out in its colour. What is looked
// at is a snapshot.
func TestColoursOfEveryRaw(t *testing.T) {
	formats := []string{"yuyv", "uyvy", "nv12", "nv21", "yuv420", "yvu420", "rgb24", "bgr24", "grey"}
	special := []string{"y_cbcr_encoding=2", "quantization=1"} // Rec. 709; full range
	settings := slices.Concat(formats, special)
	devices := len(settings)
	loadVivid(t, devices)
	for i, setting := range special {
		command(t, "v4l2-ctl", "-d", fmt.Sprint("/dev/video", len(formats)+i), "--set-ctrl", setting)
	}
	var cameras strings.Builder
	for i := range devices {
		command(t, "v4l2-ctl", "-d", fmt.Sprint("/dev/video", i), "--set-ctrl", "osd_text_mode=2") // no text
		format := "yuyv"
		if i < len(formats) {
			format = formats[i]
		}
		fmt.Fprintf(&cameras, "- {name: c%d, source: \"v4l2:/dev/video%d\", format: %s, width: 320, height: 180, fps: 1, frozen_after: 0s, snapshots: true, motion_gate: true}\n", i, i, format)
	}
	e := startEdged(t, cameras.String(), 0)
	for i := range devices {
		name := fmt.Sprint("c", i)
		e.until(name, "picture", func(s stats) bool { return s.Online })
		bars := snapshot(t, name)
		setting := settings[i]
		for bar, want := range colours {
			tolerance := 8 // rounded twice, and a JPEG
			switch setting {
			case "grey": // the weights of BT.709
				luma := (2126*want[0] + 7152*want[1] + 722*want[2]) / 10000
				want = [3]int{luma, luma, luma}
			case "y_cbcr_encoding=2": // libyuv's matrices have 8 bits, too few for BT.709's blue
				tolerance = 16
			}
			if off := distance(bars[bar], want); off > tolerance {
				t.Errorf("%s, bar %d: %v, want %v", setting, bar, bars[bar], want)
			}
		}
		t.Logf("%s: %v", setting, bars)
	}
}

// colours are those of vivid's bars: three quarters of full intensity.
var colours = [8][3]int{{191, 191, 191}, {191, 191, 0}, {0, 191, 191}, {0, 191, 0}, {191, 0, 191}, {191, 0, 0}, {0, 0, 191}, {0, 0, 0}}

func distance(a, b [3]int) (most int) {
	for i := range a {
		most = max(most, a[i]-b[i], b[i]-a[i])
	}
	return most
}

// snapshot asks edged for a picture and returns the mean of each of its eight bars.
func snapshot(t *testing.T, camera string) (bars [8][3]int) {
	t.Helper()
	topic := "edged/guest/" + camera + "/snapshot"
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	listener := exec.CommandContext(ctx, "mosquitto_sub", "-t", topic, "-C", "1", "-F", "%x")
	var out bytes.Buffer
	listener.Stdout = &out
	if err := listener.Start(); err != nil {
		t.Fatal(err)
	}
	command(t, "mosquitto_pub", "-q", "1", "-t", topic+"/set", "-m", "now")
	if err := listener.Wait(); err != nil {
		t.Fatalf("no snapshot of %s: %v", camera, err)
	}
	data, err := hex.DecodeString(strings.TrimSpace(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for i := range bars {
		bars[i] = mean(picture, i)
	}
	return bars
}

// mean is that of the middle half of the i-th of eight bars.
func mean(picture image.Image, i int) (sum [3]int) {
	width, height := picture.Bounds().Dx(), picture.Bounds().Dy()
	n := 0
	for x := width * (4*i + 1) / 32; x < width*(4*i+3)/32; x++ {
		for y := height / 4; y < height*3/4; y++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			sum[0], sum[1], sum[2], n = sum[0]+int(r>>8), sum[1]+int(g>>8), sum[2]+int(b>>8), n+1
		}
	}
	return [3]int{sum[0] / n, sum[1] / n, sum[2] / n}
}
