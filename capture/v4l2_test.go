package capture

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"edged/capture/internal/device"
	"edged/capture/pixel"
)

func TestV4L2WithoutACamera(t *testing.T) {
	for _, c := range []struct {
		path string
		want unix.Errno
		text string
	}{
		{"/dev/video-none", unix.ENOENT, "capture: /dev/video-none: open: no such camera"},
		{"/dev/null", unix.ENOTTY, "capture: /dev/null: QUERYCAP: not a V4L2 device"},
	} {
		err := (&V4L2{Path: c.path}).Run(t.Context(), func(*Frame) { t.Error("a frame") })
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v, want %v with %q", c.path, err, c.want, c.text)
		}
	}
}

func TestChooseMode(t *testing.T) {
	discrete := func(w, h int, rates ...float64) device.Size { return device.Size{Width: w, Height: h, Rates: rates} }
	mjpeg := device.Format{FourCC: pixel.MJPEG, Name: "MJPG", Sizes: []device.Size{
		discrete(1920, 1080, 30), discrete(1280, 720, 60, 30, 10), discrete(320, 240, 30), discrete(640, 480, 30, 15),
	}}
	yuyv := device.Format{FourCC: pixel.YUYV, Name: "YUYV", Sizes: []device.Size{discrete(640, 480, 29.97, 15)}}
	stepwise := device.Format{FourCC: pixel.YUYV, Name: "YUYV", Sizes: []device.Size{
		{Width: 48, Height: 48, MaxWidth: 800, MaxHeight: 600, Rates: []float64{1, 25}, RateRange: true},
	}}
	bayer := device.Format{FourCC: 0x31384142, Name: "BA81"}
	mode := func(fourcc pixel.FourCC, w, h int, rate float64) device.Mode {
		return device.Mode{Format: pixel.Format{FourCC: fourcc, Width: w, Height: h}, Rate: rate}
	}
	for _, c := range []struct {
		name    string
		formats []device.Format
		want    device.Mode
		got     device.Mode
	}{
		{"the default", []device.Format{yuyv, mjpeg}, mode(0, 640, 480, 30), mode(pixel.MJPEG, 640, 480, 30)},
		{"YUYV alone, 29.97 is near enough", []device.Format{bayer, yuyv}, mode(0, 640, 480, 30), mode(pixel.YUYV, 640, 480, 29.97)},
		{"YUYV asked for", []device.Format{mjpeg, yuyv}, mode(pixel.YUYV, 640, 480, 10), mode(pixel.YUYV, 640, 480, 15)},
		{"the smallest that covers", []device.Format{mjpeg}, mode(0, 800, 600, 30), mode(pixel.MJPEG, 1280, 720, 30)},
		{"the largest, where none covers", []device.Format{mjpeg}, mode(0, 4000, 3000, 30), mode(pixel.MJPEG, 1920, 1080, 30)},
		{"the highest rate, where none reaches", []device.Format{mjpeg}, mode(0, 640, 480, 60), mode(pixel.MJPEG, 640, 480, 30)},
		{"within ranges", []device.Format{stepwise}, mode(0, 1280, 720, 30), mode(pixel.YUYV, 800, 600, 25)},
		{"sizes unknown", []device.Format{{FourCC: pixel.MJPEG}}, mode(0, 640, 480, 30), mode(pixel.MJPEG, 640, 480, 30)},
	} {
		fourcc, err := chooseFormat(c.formats, c.want.Format.FourCC)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		i := slices.IndexFunc(c.formats, func(f device.Format) bool { return f.FourCC == fourcc })
		c.want.Format.FourCC = fourcc
		if got := chooseSize(c.formats[i].Sizes, c.want); got != c.got {
			t.Errorf("%s: %v, want %v", c.name, got, c.got)
		}
	}
	_, err := chooseFormat([]device.Format{bayer}, 0)
	if err == nil || err.Error() != "the camera offers BA81; needed is MJPG or JPEG or YU12 or YV12 or NV12 or NV21 or YUYV or UYVY or 422P or RGB3 or BGR3 or GREY" {
		t.Errorf("no format fits: error %v", err)
	}
}
