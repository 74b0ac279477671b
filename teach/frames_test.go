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

// fakeClips show the whole of yesterday's ten minutes.
type fakeClips struct{ span Span }

func (c fakeClips) Spans(string, time.Time) []Span { return []Span{c.span} }
func (c fakeClips) Pictures(_ string, from, until time.Time, most int) [][]byte {
	if from.Before(c.span.From) || until.After(c.span.Until) {
		return nil
	}
	return make([][]byte, min(most, 4))
}

// Where a clip shows a moment, it has pictures for longer than a minute, and an example of it, too.
func TestPicturesOfClips(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(5))
	from, until := r.wall(r.now-4*time.Minute), r.wall(r.now-3*time.Minute)
	r.teacher.UseClips(fakeClips{Span{from, until}})
	list, err := r.teacher.Moments(hall, time.Time{})
	r.must(err)
	for _, m := range list {
		recent := m.Time.After(r.wall(r.now - 58*time.Second))
		inside := m.Time.After(from.Add(time.Second)) && m.Time.Before(until)
		outside := m.Time.Before(from) || m.Time.After(until) && m.Time.Before(r.wall(r.now-62*time.Second))
		if (recent || inside) && m.Pictures != 4 || outside && m.Pictures != 0 {
			t.Errorf("the moment of %v ago has %d pictures", r.wall(r.now).Sub(m.Time), m.Pictures)
		}
	}
	if _, err := r.teacher.MomentPicture(hall, from.Add(30*time.Second), 3); err != nil {
		t.Error(err)
	}
	if _, err := r.teacher.MomentPicture(hall, until.Add(30*time.Second), 0); err == nil {
		t.Error("a picture that nobody has")
	}
	r.must(r.teacher.Create(hall, "ring"))
	e, err := r.teacher.ThatWasIt(hall, "ring", from.Add(30*time.Second), from.Add(31*time.Second))
	if err != nil || e.Pictures != 4 {
		t.Errorf("example %+v, %v", e, err)
	}
}
