package teach

import (
	"testing"
	"time"
)

// Each target has pictures of its own, one set for every window's length, for as long as there is room.
func TestPicturesOfTargets(t *testing.T) {
	o := viewOptions()
	o.Follows, o.Targets = true, 4
	f := newFrames(o)
	now := time.Hour
	frame := make([]byte, 3*4*4)
	for range 400 { // 100 s
		now += 250 * time.Millisecond
		for track := range uint64(4) {
			for n := range 4 {
				frame[0], frame[1] = byte(track+1), byte(n)
				f.push(frame)
			}
			f.window(now, track+1)
			f.encodeAll(plainEncoder{&room{}}, nil)
		}
	}
	for track := range uint64(4) {
		for _, ago := range []time.Duration{0, 20 * time.Second, 50 * time.Second} {
			pictures := f.pictures(now-ago, now-ago, track+1, 4)
			if len(pictures) != 4 {
				t.Fatalf("target %d, %v ago: %d pictures", track+1, ago, len(pictures))
			}
			for n, p := range pictures {
				if p[0] != byte(track+1) || p[1] != byte(n) {
					t.Errorf("target %d, %v ago: picture %d is number %d of target %d", track+1, ago, n, p[1], p[0])
				}
			}
		}
		if n := f.count(now-70*time.Second, track+1); n != 0 {
			t.Errorf("%d pictures of 70 s ago", n)
		}
	}
	f.wipe()
	if f.count(now, 1) != 0 || f.kept[0].jpeg[:1][0] != 0 {
		t.Error("pictures outlive a wipe")
	}
}

// At a frame a picture, however large, the room is bounded.
func TestPicturesAreBounded(t *testing.T) {
	o := viewOptions()
	o.Width, o.Height, o.FrameRate, o.Frames, o.Targets = 224, 224, 30, 16, 16
	if n := places(o, time.Second/30); n*3*224*224/8 > picturesBytes {
		t.Errorf("%d pictures", n)
	}
}
