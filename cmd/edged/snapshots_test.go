package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"edged/capture"
	"edged/capture/pixel"
	"edged/internal/logtest"
	"edged/internal/settings"
	"edged/publish"
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

// However large the camera's pictures, and whatever their shape.
func TestASnapshotIsNoLarger(t *testing.T) {
	for _, size := range [][4]int{{1280, 720, 1280, 720}, {2560, 1440, 1280, 720}, {16, 4096, 5, 1280}, {1, 8192, 1, 1280}} {
		s := newSnapshots(pixel.Area{Width: 1, Height: 1}, nil)
		s.format = pixel.Format{FourCC: pixel.Grey, Width: size[0], Height: size[1]}
		s.data = make([]byte, size[0]*size[1])
		picture, err := s.make()
		if err != nil {
			t.Fatal(err)
		}
		if w, h, err := pixel.JPEGSize(picture); err != nil || w != size[2] || h != size[3] {
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
			go func() { ended <- s.run(ctx, "gate") }()
			s.request()
			s.see(&capture.Frame{Data: data, Format: pixel.Format{FourCC: pixel.Grey, Width: 64, Height: 48}})
			synctest.Wait()
			if s.busy.Load() || len(s.data) != len(data) || bytes.Count(s.data, []byte{0}) != len(s.data) {
				t.Errorf("%s: busy %t, %d bytes, not all 0", what, s.busy.Load(), len(s.data))
			}
			end()
			<-ended
		})
	}
}

// A picture that was asked for while there was none to take is not published later, when nobody expects it.
func TestASnapshotIsOfNow(t *testing.T) {
	set := func(on bool) publish.Command { return publish.Command{Path: "gate", Kind: publish.SetEnabled, On: on} }
	ask := publish.Command{Path: "gate", Kind: publish.TakeSnapshot}
	for name, c := range map[string]struct {
		commands []publish.Command
		offline  bool // long after the commands
		taken    bool
	}{
		"asked":                    {[]publish.Command{ask}, false, true},
		"asked again":              {[]publish.Command{set(false), set(true), ask}, false, true},
		"asked while off":          {[]publish.Command{set(false), ask, set(true)}, false, false},
		"asked, then off and on":   {[]publish.Command{ask, set(false), set(true)}, false, false},
		"the camera is long gone":  {[]publish.Command{ask}, true, false},
		"nobody asked for another": {nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(logtest.Buffer)
			defer slog.SetDefault(slog.Default())
			slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
			d, v := commanded(t)
			v.snapshots = newSnapshots(pixel.Area{Width: 1, Height: 1}, nil)
			for _, command := range c.commands {
				d.logged = 0 // every command is logged
				d.obey(command)
			}
			if said := log.Has("no snapshot: the view is not enabled")(); said != strings.HasSuffix(name, "while off") {
				t.Errorf("log: %s", log)
			}
			if c.offline {
				v.snapshots.asked.Add(-int64(snapshotWithin))
			}
			v.watched = true
			v.wanted(&capture.Frame{}, 0)
			if taken := len(v.snapshots.work) == 1; taken != c.taken {
				t.Errorf("taken: %t", taken)
			}
		})
	}
}

// commanded returns a daemon with nothing but a view that commands can reach.
func commanded(t *testing.T) (*daemon, *view) {
	t.Helper()
	v := &view{path: "gate"}
	v.enabled.Store(true)
	store, err := settings.Open("", slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	p := &publish.Publisher{Broker: "tcp://127.0.0.1:1", Node: "board", Cameras: []publish.Camera{{Name: "gate", Labels: []string{"wave"}}}}
	if err := p.Initialize(); err != nil {
		t.Fatal(err)
	}
	return &daemon{views: []*view{v}, settings: store, publisher: p}, v
}
