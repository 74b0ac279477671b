package main

import (
	"os"
	"testing"

	"edged/capture/pixel"
)

// Every JPEG that edged watches makes a snapshot, too, of its own size; the masks are fitted once for all of a size.
func TestSnapshotsOfEveryJPEG(t *testing.T) {
	s := newSnapshots(pixel.Whole, [][]pixel.Point{{{X: 0, Y: 0}, {X: 0.5, Y: 0}, {X: 0.5, Y: 1}, {X: 0, Y: 1}}})
	defer s.close()
	s.format = pixel.Format{FourCC: pixel.MJPEG, Width: 1, Height: 1}
	var last *pixel.Decoder
	for _, name := range []string{"baseline", "progressive", "arithmetic", "progressive-arithmetic"} {
		var err error
		if s.data, err = os.ReadFile("../../capture/pixel/testdata/jpeg/" + name + ".jpg"); err != nil {
			t.Fatal(err)
		}
		width, height, err := pixel.JPEGSize(s.data)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := s.make()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w, h, err := pixel.JPEGSize(picture); err != nil || w != width || h != height {
			t.Errorf("%s: %dx%d, %v; want %dx%d", name, w, h, err, width, height)
		}
		checkMasked(t, string(picture))
		if last != nil && s.decoder != last {
			t.Errorf("%s: another decoder for the same size", name)
		}
		last = s.decoder
	}
	s.data = s.data[:1]
	if _, err := s.make(); err == nil {
		t.Error("half a header makes a picture")
	}
}
