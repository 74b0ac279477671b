package capture

import (
	"errors"
	"fmt"
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
		err := (&V4L2{Path: c.path}).Run(t.Context(), showing(func(*Frame) { t.Error("a frame") }))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: error %v, want %v with %q", c.path, err, c.want, c.text)
		}
	}
}

func TestChooseMode(t *testing.T) {
	discrete := func(w, h int, rates ...float64) device.Size { return device.Size{Width: w, Height: h, Rates: rates} }
	format := func(fourcc pixel.FourCC, sizes ...device.Size) device.Format {
		return device.Format{FourCC: fourcc, Name: fourcc.String(), Sizes: sizes}
	}
	mjpeg := format(pixel.MJPEG, discrete(1920, 1080, 30), discrete(1280, 720, 60, 30, 10), discrete(320, 240, 30), discrete(640, 480, 30, 15))
	yuyv := format(pixel.YUYV, discrete(640, 480, 29.97, 15), discrete(320, 240, 30), discrete(1280, 720, 10))
	small := format(pixel.YUYV, discrete(320, 240, 30))
	ranged := format(pixel.YUYV, device.Size{Width: 48, Height: 48, MaxWidth: 800, MaxHeight: 600, Rates: []float64{1, 25}, RateRange: true})
	grey := format(pixel.Grey, discrete(640, 480, 30))
	bayer := format(0x31384142)
	all := []device.Format{bayer, mjpeg, yuyv}
	const usb, board = true, false
	for _, c := range []struct {
		name    string
		formats []device.Format
		usb     bool
		want    string // format, size and rate
		got     string // all that may be tried, the best first
	}{
		{"raw is cheaper, where the bus has room", all, usb, "- 192x192@30", "YUYV 320x240@30, MJPG 320x240@30"},
		{"half a bus is too much", all, usb, "- 640x480@30", "MJPG 640x480@30, YUYV 640x480@29.97"},
		{"at a lower rate it is not", all, usb, "- 640x480@15", "YUYV 640x480@15, MJPG 640x480@15"},
		{"there is no bus", all, board, "- 640x480@30", "YUYV 640x480@29.97, MJPG 640x480@30"},
		{"raw is too slow", all, board, "- 1280x720@30", "MJPG 1280x720@30, YUYV 1280x720@10"},
		{"raw is too small", []device.Format{small, mjpeg}, board, "- 640x480@30", "MJPG 640x480@30, YUYV 320x240@30"},
		{"raw alone, bus or not", []device.Format{bayer, yuyv}, usb, "- 640x480@30", "YUYV 640x480@29.97"},
		{"grey comes last", []device.Format{grey, mjpeg}, board, "- 640x480@30", "MJPG 640x480@30, GREY 640x480@30"},
		{"MJPEG asked for", all, board, "MJPG 192x192@30", "MJPG 320x240@30"},
		{"the smallest that covers", []device.Format{mjpeg}, usb, "- 800x600@30", "MJPG 1280x720@30"},
		{"the largest, where none covers", []device.Format{mjpeg}, usb, "- 4000x3000@30", "MJPG 1920x1080@30"},
		{"the highest rate, where none reaches", []device.Format{mjpeg}, usb, "- 640x480@60", "MJPG 640x480@30"},
		{"within ranges", []device.Format{ranged}, usb, "- 1280x720@30", "YUYV 800x600@25"},
		{"sizes unknown", []device.Format{format(pixel.MJPEG)}, usb, "- 640x480@30", "MJPG 640x480@30"},
	} {
		var name string
		var want device.Mode
		if _, err := fmt.Sscanf(c.want, "%s %dx%d@%g", &name, &want.Format.Width, &want.Format.Height, &want.Rate); err != nil {
			t.Fatal(err)
		}
		if name == "MJPG" {
			want.Format.FourCC = pixel.MJPEG
		}
		sizes := func(fourcc pixel.FourCC) []device.Size {
			return c.formats[slices.IndexFunc(c.formats, func(f device.Format) bool { return f.FourCC == fourcc })].Sizes
		}
		found, err := offers(c.formats, sizes, want, c.usb)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, o := range found {
			got = append(got, o.String())
		}
		if s := strings.Join(got, ", "); s != c.got {
			t.Errorf("%s: %s, want %s", c.name, s, c.got)
		}
	}
	_, err := offers([]device.Format{bayer}, nil, device.Mode{}, usb)
	if err == nil || err.Error() != "the camera offers BA81; edged needs YU12 or YV12 or NV12 or NV21 or YUYV or UYVY or 422P or RGB3 or BGR3 or MJPG or JPEG or GREY" {
		t.Errorf("no format fits: error %v", err)
	}
}

// Where the bus is full, less is asked of it.
func TestLighterOffers(t *testing.T) {
	mode := func(fourcc pixel.FourCC, w, h int) offer {
		return offer{Mode: device.Mode{Format: pixel.Format{FourCC: fourcc, Width: w, Height: h}, Rate: 30}}
	}
	raw, mjpeg, rgb := mode(pixel.YUYV, 320, 240), mode(pixel.MJPEG, 320, 240), mode(pixel.RGB24, 320, 240)
	if got := lighter([]offer{raw, rgb, mjpeg}); len(got) != 1 || got[0] != mjpeg {
		t.Errorf("%v, want MJPEG alone", got)
	}
}
