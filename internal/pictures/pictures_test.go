package pictures

import (
	"bytes"
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edged/capture/pixel"
	"edged/internal/background"
	"edged/internal/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// album keeps pictures; it needs one a time.
type album struct {
	came  chan Picture
	wipes int
}

func newAlbum() *album { return &album{came: make(chan Picture, 100)} }

func (a *album) Due(time.Duration, bool) bool { return true }
func (a *album) Picture(p Picture)            { p.JPEG = bytes.Clone(p.JPEG); a.came <- p }
func (a *album) Wipe()                        { a.wipes++ }

// white is a frame of 64x48 white pixels.
func white(t testing.TB, fourcc pixel.FourCC, views uint32) sink.Frame {
	t.Helper()
	f := sink.Frame{Format: pixel.Format{FourCC: fourcc, Width: 64, Height: 48}, Views: views}
	f.Data = bytes.Repeat([]byte{255}, 3*64*48)
	if fourcc == pixel.MJPEG {
		jpeg, err := pixel.EncodeJPEG(f.Data, 64, 48, 90)
		if err != nil {
			t.Fatal(err)
		}
		f.Data = jpeg
	}
	return f
}

// brightness decodes the JPEG and returns the middle of its left and right half.
func brightness(t *testing.T, jpeg []byte) (left, right byte) {
	t.Helper()
	d, err := pixel.NewDecoder(64, 48)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	rgb := make([]byte, 3*64*48)
	if err := d.Decode(rgb, pixel.Format{FourCC: pixel.MJPEG}, jpeg); err != nil {
		t.Fatal(err)
	}
	return rgb[3*(24*64+16)], rgb[3*(24*64+48)]
}

var halves = []pixel.Area{{X: 0, Y: 0, Width: 0.5, Height: 1}, {X: 0.5, Y: 0, Width: 0.5, Height: 1}}

func TestCamerasOwnBytesAreHandedOn(t *testing.T) {
	a := newAlbum()
	f := &Feed{Areas: halves, Consumers: []Consumer{a}}
	frame := white(t, pixel.MJPEG, 3)
	frame.Opening, frame.Time = 3, time.Second
	f.Frame(frame)
	if p := <-a.came; !bytes.Equal(p.JPEG, frame.Data) || p.Opening != 3 || p.Time != time.Second {
		t.Errorf("%d bytes at %v, opening %d", len(p.JPEG), p.Time, p.Opening)
	}
	frame.Data = []byte("no picture")
	f.Frame(frame)
	if len(a.came) != 0 {
		t.Error("what is no JPEG was handed on")
	}
}

// A camera that hangs on its side: what people see is as upright as what the model sees.
func TestATurnedPictureIsHandedOnUpright(t *testing.T) {
	a := newAlbum()
	f := &Feed{Areas: halves, Side: 640, Consumers: []Consumer{a}}
	defer background.Start(f.Run)()
	frame := white(t, pixel.MJPEG, 0b11)
	frame.Format.Orientation = 6
	f.Frame(frame)
	width, height, err := pixel.JPEGSize((<-a.came).JPEG)
	if err != nil || width != 48 || height != 64 {
		t.Errorf("a picture of 64x48 that has to be turned by 90 degrees is %dx%d (%v)", width, height, err)
	}
}

func TestWhatIsHiddenIsBlack(t *testing.T) {
	left := [][]pixel.Point{{{X: 0, Y: 0}, {X: 0.5, Y: 0}, {X: 0.5, Y: 1}, {X: 0, Y: 1}}}
	for name, c := range map[string]struct {
		masks  [][]pixel.Point
		fourcc pixel.FourCC
		views  uint32
		black  bool // the left half
	}{
		"a mask over the camera's JPEG":   {left, pixel.MJPEG, 3, true},
		"a mask over raw frames":          {left, pixel.RGB24, 3, true},
		"a disabled view":                 {nil, pixel.MJPEG, 2, true},
		"a disabled view and raw frames":  {nil, pixel.RGB24, 2, true},
		"raw frames with nothing to hide": {nil, pixel.RGB24, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAlbum()
			f := &Feed{Masks: c.masks, Areas: halves, Side: 640, Consumers: []Consumer{a}}
			defer background.Start(f.Run)()
			frame := white(t, c.fourcc, c.views)
			frame.Opening = 3
			f.Frame(frame)
			p := <-a.came
			left, right := brightness(t, p.JPEG)
			if right < 240 || (left < 16) != c.black || p.Opening != 3 {
				t.Errorf("left %d, right %d, opening %d", left, right, p.Opening)
			}
		})
	}
}

func TestDisablingAViewWipes(t *testing.T) {
	a := newAlbum()
	f := &Feed{Areas: halves, Consumers: []Consumer{a}}
	f.Frame(white(t, pixel.MJPEG, 3))
	f.Frame(white(t, pixel.MJPEG, 1))
	if a.wipes != 1 {
		t.Errorf("%d wipes after a view was disabled, want 1", a.wipes)
	}
	f.Frame(white(t, pixel.MJPEG, 3))
	if a.wipes != 1 {
		t.Errorf("%d wipes after a view was enabled, want 1 still", a.wipes)
	}
	f.Wipe()
	if a.wipes != 2 {
		t.Error("Wipe is not passed on")
	}
}

// A frame from before a view was disabled must not be shown after it, however long its encoding takes.
func TestPictureOfBeforeAWipeIsDropped(t *testing.T) {
	a := newAlbum()
	f := &Feed{Areas: halves, Consumers: []Consumer{a}}
	f.Frame(white(t, pixel.RGB24, 3)) // waits for Run
	f.Wipe()
	stop := background.Start(f.Run)
	defer stop()
	for f.busy.Load() { // the frame is encoded, and dropped
		time.Sleep(time.Millisecond)
	}
	if len(a.came) != 0 {
		t.Error("it was shown")
	}
	if !bytes.Equal(f.rgb, make([]byte, len(f.rgb))) {
		t.Error("its pixels stay in memory")
	}
}

// slow needs a picture five times a second where it costs an encoding.
type slow struct {
	Live
	n int
}

func (s *slow) Due(time.Duration, bool) bool { return true }
func (s *slow) Picture(Picture)              { s.n++ }

func TestFeedAllocatesNothing(t *testing.T) {
	f := &Feed{Areas: halves, Consumers: []Consumer{new(slow)}}
	defer f.close()
	direct, raw := white(t, pixel.MJPEG, 3), white(t, pixel.RGB24, 3)
	f.Frame(direct)
	if n := testing.AllocsPerRun(100, func() { f.Frame(direct) }); n != 0 {
		t.Errorf("%v allocations for the camera's own JPEG", n)
	}
	encode := func() {
		f.Frame(raw)
		<-f.work
		f.encode()
		f.busy.Store(false)
	}
	encode()
	if n := testing.AllocsPerRun(100, encode); n != 0 {
		t.Errorf("%v allocations for an encoded picture", n)
	}
}

func TestLiveNeedsPicturesOnlyForViewers(t *testing.T) {
	var l Live
	if l.Due(time.Second, false) {
		t.Error("a picture is due though nobody watches")
	}
	leave := l.Watch()
	if !l.Due(time.Second, false) {
		t.Error("the first picture is not due")
	}
	l.Picture(Picture{JPEG: []byte{1}, Time: time.Second})
	if l.Due(time.Second+100*time.Millisecond, false) || !l.Due(time.Second+LiveInterval, false) {
		t.Error("want a picture each LiveInterval")
	}
	first := l.Next(t.Context(), nil)
	if first == nil || first.JPEG[0] != 1 {
		t.Fatalf("%+v", first)
	}
	next := make(chan *Shot)
	go func() { next <- l.Next(t.Context(), first) }()
	l.Picture(Picture{JPEG: []byte{2}, Time: 2 * time.Second})
	if shot := <-next; shot.JPEG[0] != 2 {
		t.Errorf("%+v, want the second picture", shot)
	}
	leave()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if l.Next(ctx, nil) != nil || l.Viewers() != 0 {
		t.Error("a picture is kept though nobody watches")
	}
}

func TestFit(t *testing.T) {
	for _, c := range [][5]int{{1280, 720, 640, 640, 360}, {480, 1920, 640, 160, 640}, {320, 240, 640, 320, 240}, {4000, 2, 640, 640, 1}, {100, 50, 0, 100, 50}} {
		if w, h := Fit(c[0], c[1], c[2]); w != c[3] || h != c[4] {
			t.Errorf("%v: %dx%d", c, w, h)
		}
	}
}
