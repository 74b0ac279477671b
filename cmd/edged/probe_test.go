package main

import (
	"testing"

	"edged/capture"
)

func TestProbeSheet(t *testing.T) {
	rates := func(w, h int) capture.DeviceSize {
		return capture.DeviceSize{Width: w, Height: h, Rates: []float64{15, 30}}
	}
	m := machine{TFLite: "2.17.1", Cameras: []capture.Device{
		{Path: "/dev/video0", Name: "A camera", Usable: true, Formats: []capture.DeviceFormat{
			{Name: "YUYV", Supported: true, Sizes: []capture.DeviceSize{rates(640, 480), rates(1280, 720)}},
			{Name: "BA81", Sizes: []capture.DeviceSize{rates(640, 480)}},
			{Name: "GRBG"},
		}},
		{Path: "/dev/video1", Name: "\x1b[2J\n/dev/video9  Forged", Error: "not a camera"},
	}}
	const want = "/dev/video0  A camera\n    YUYV  640x480@30  1280x720@30\n    not decoded: BA81, GRBG\n" +
		"/dev/video1  \\u001b[2J\\n/dev/video9  Forged\n    not usable: not a camera\nTFLite 2.17.1\n"
	if got := m.sheet().text.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
