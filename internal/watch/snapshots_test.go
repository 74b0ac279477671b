package watch

import (
	"bytes"
	"context"
	"os"
	"testing"
	"testing/synctest"

	"edged/capture"
	"edged/capture/pixel"
	"edged/internal/picturetest"
)

// Every JPEG that edged watches makes a snapshot, too, of its own size; the masks are fitted once for all of a size.
func TestSnapshotsOfEveryJPEG(t *testing.T) {
	s := newSnapshots(pixel.Area{Width: 1, Height: 1}, [][]pixel.Point{{{X: 0, Y: 0}, {X: 0.5, Y: 0}, {X: 0.5, Y: 1}, {X: 0, Y: 1}}})
	defer s.close()
	s.format = pixel.Format{FourCC: pixel.MJPEG}
	var last *pixel.Decoder
	for _, name := range []string{"baseline", "progressive", "arithmetic", "progressive-arithmetic"} {
		var err error
		if s.data, err = os.ReadFile("../../capture/pixel/testdata/jpeg/" + name + ".jpg"); err != nil {
			t.Fatal(err)
		}
		width, height, err := pixel.ShownSize(pixel.Format{FourCC: pixel.MJPEG}, s.data)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := s.encode()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w, h, err := pixel.ShownSize(pixel.Format{FourCC: pixel.MJPEG}, picture); err != nil || w != width || h != height {
			t.Errorf("%s: %dx%d, %v; want %dx%d", name, w, h, err, width, height)
		}
		picturetest.LeftHalfMasked(t, picture)
		if last != nil && s.decoder != last {
			t.Errorf("%s: another decoder for the same size", name)
		}
		last = s.decoder
	}
	s.data = s.data[:1]
	if _, err := s.encode(); err == nil {
		t.Error("half a header makes a picture")
	}
}

// However large the camera's pictures, and whatever their shape.
func TestASnapshotIsNoLarger(t *testing.T) {
	for _, size := range [][4]int{{1280, 720, 1280, 720}, {2560, 1440, 1280, 720}, {16, 4096, 5, 1280}, {1, 8192, 1, 1280}} {
		s := newSnapshots(pixel.Area{Width: 1, Height: 1}, nil)
		s.format = pixel.Format{FourCC: pixel.Grey, Width: size[0], Height: size[1]}
		s.data = make([]byte, size[0]*size[1])
		picture, err := s.encode()
		if err != nil {
			t.Fatal(err)
		}
		if w, h, err := pixel.ShownSize(pixel.Format{FourCC: pixel.MJPEG}, picture); err != nil || w != size[2] || h != size[3] {
			t.Errorf("of %dx%d: %dx%d, error %v", size[0], size[1], w, h, err)
		}
		s.close()
	}
}

// The camera's frame is not kept once there is a snapshot of it, or none.
func TestAFrameIsForItsSnapshotAlone(t *testing.T) {
	for what, data := range map[string][]byte{"a picture": bytes.Repeat([]byte{200}, 64*48), "half of one": bytes.Repeat([]byte{200}, 100)} {
		synctest.Test(t, func(t *testing.T) {
			s := newSnapshots(pixel.Area{Width: 1, Height: 1}, nil)
			ctx, end := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- s.run(ctx, "gate", func([]byte) {}) }()
			s.request()
			s.takeIfAsked(&capture.Frame{Data: data, Format: pixel.Format{FourCC: pixel.Grey, Width: 64, Height: 48}})
			synctest.Wait()
			if s.busy.Load() || len(s.data) != len(data) || bytes.Count(s.data, []byte{0}) != len(s.data) {
				t.Errorf("%s: busy %t, %d bytes, not all 0", what, s.busy.Load(), len(s.data))
			}
			end()
			<-ended
		})
	}
}

// A picture that somebody asked for while there was none to take does not appear later, when nobody expects it.
func TestASnapshotIsOfNow(t *testing.T) {
	off, on := func(v *View) { v.Enable(false) }, func(v *View) { v.Enable(true) }
	ask := func(v *View) { _ = v.RequestSnapshot() }
	for name, c := range map[string]struct {
		do      []func(*View)
		offline bool // for long after that
		taken   bool
	}{
		"asked":                    {[]func(*View){ask}, false, true},
		"asked again":              {[]func(*View){off, on, ask}, false, true},
		"asked while off":          {[]func(*View){off, ask, on}, false, false},
		"asked, then off and on":   {[]func(*View){ask, off, on}, false, false},
		"the camera is long gone":  {[]func(*View){ask}, true, false},
		"nobody asked for another": {nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := &View{Path: "gate", snapshots: newSnapshots(pixel.Area{Width: 1, Height: 1}, nil)}
			v.Enable(true)
			for _, do := range c.do {
				do(v)
			}
			if c.offline {
				v.snapshots.asked.Add(-int64(snapshotWithin))
			}
			v.snapshots.takeIfAsked(&capture.Frame{})
			if taken := len(v.snapshots.work) == 1; taken != c.taken {
				t.Errorf("taken: %t", taken)
			}
		})
	}
}

func TestADisabledViewRefusesASnapshot(t *testing.T) {
	v := &View{Path: "gate", snapshots: newSnapshots(pixel.Area{Width: 1, Height: 1}, nil)}
	if err := v.RequestSnapshot(); err == nil {
		t.Error("no error")
	}
}
