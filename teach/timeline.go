package teach

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Moments returns the view's moments after since, the oldest first.
func (t *Teacher) Moments(view string, since time.Time) ([]Moment, error) {
	t.mu.Lock()
	v, err := t.teachable(view)
	if err != nil {
		t.mu.Unlock()
		return nil, err
	}
	standsOut, clips := t.standsOut(v), t.clipsOf(v)
	t.mu.Unlock()
	entries, packed := v.after(t.monotonic(since), since.IsZero())
	e := make(Embedding, v.numbers)
	list := make([]Moment, len(entries))
	for i, m := range entries {
		unpack(e, packed[i*packedSize(v.numbers):][:packedSize(v.numbers)])
		list[i] = Moment{
			Millis: t.wall(m.time).UnixMilli(), Motion: round3(float64(m.motion)), Score: round3(float64(m.score)),
			StandsOut: round3(standsOut(e)), Track: m.track,
		}
		list[i].Time = fromMillis(list[i].Millis)
		if int(m.label) < len(v.Labels) && m.label >= 0 {
			list[i].Label = v.Labels[m.label]
		}
		if v.frames != nil {
			list[i].Pictures = v.frames.count(m.time, m.track)
		}
	}
	v.addClips(list, clips)
	return list, nil
}

// after copies the moments after t, or all.
func (v *View) after(t time.Duration, all bool) (entries []moment, packed []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if all {
		t = math.MinInt64
	}
	first, end := v.moments.between(t+1, math.MaxInt64)
	for n := first; n < end; n++ {
		entries = append(entries, *v.moments.at(n))
		packed = append(packed, v.moments.embedding(n)...)
	}
	return entries, packed
}

// MomentPicture returns picture n of the moment at that time, as JPEG.
func (t *Teacher) MomentPicture(view string, at time.Time, n int) ([]byte, error) {
	return t.TargetPicture(view, at, 0, n)
}

// TargetPicture returns picture n of the moment of a target at that time, as JPEG. Track 0 stands for whichever target's moment is nearest.
func (t *Teacher) TargetPicture(view string, at time.Time, track uint64, n int) ([]byte, error) {
	t.mu.Lock()
	v, err := t.teachable(view)
	if err != nil {
		t.mu.Unlock()
		return nil, err
	}
	clips := t.clipsOf(v)
	t.mu.Unlock()
	m, ok := v.nearest(t.monotonic(at), track)
	if !ok {
		return nil, fmt.Errorf("%w: there is none at %v", ErrNoMoments, at.UTC().Format(time.RFC3339))
	}
	var pictures [][]byte
	if v.frames != nil {
		pictures = v.frames.pictures(m.time, m.time, m.track, v.Frames)
	}
	if len(pictures) == 0 && clips != nil {
		end := t.wall(m.time)
		pictures = clips.Pictures(view, end.Add(-v.length()), end, v.Frames)
	}
	if n < 0 || n >= len(pictures) {
		return nil, fmt.Errorf("%w: the moment has %d; edged keeps them for %v, or as long as a clip that shows it", ErrNoPicture, len(pictures), picturesAge)
	}
	return pictures[n], nil
}

// nearest returns the target's moment nearest to t, at most half a second away; any target's if track is 0.
func (v *View) nearest(t time.Duration, track uint64) (m moment, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	first, end := v.moments.between(t-500*time.Millisecond, t+500*time.Millisecond)
	for n := first; n < end; n++ {
		c := v.moments.at(n)
		if track != 0 && c.track != track {
			continue
		}
		if !ok || (c.time-t).Abs() < (m.time-t).Abs() {
			m, ok = *c, true
		}
	}
	return m, ok
}

// standards are the mean and the scale of each number in ordinary life.
type standards struct {
	scales
	at time.Duration
}

// standardsAge is how long standards hold.
const standardsAge = time.Minute

// mostStandards windows are looked at for them.
const mostStandards = 2000

// standsOut returns how far a window is from the view's ordinary life. The caller holds mu.
func (t *Teacher) standsOut(v *View) func(Embedding) float64 {
	now := t.o.Monotonic()
	if s := v.standards; s == nil || now-s.at > standardsAge || now < s.at || len(s.mean) == 0 {
		v.standards = &standards{at: now}
		if windows := v.ordinary(mostStandards); len(windows) > 0 {
			v.standards.scales = standard(windows)
		}
	}
	s := v.standards
	return func(e Embedding) float64 {
		if len(s.mean) == 0 {
			return 0
		}
		return math.Sqrt(float64(s.oddity(e)))
	}
}

// ordinary returns at most so many windows of ordinary life, and of the last minutes outside of what was taught.
func (v *View) ordinary(most int) []Embedding {
	packed := v.copyOrdinary(most)
	size := packedSize(v.numbers)
	windows := make([]Embedding, len(packed)/size)
	for i := range windows {
		windows[i] = unpacked(packed[i*size:][:size])
	}
	return windows
}

// copyOrdinary is short, because the model's goroutine waits meanwhile.
func (v *View) copyOrdinary(most int) (packed []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := slices.Collect(v.ordinaryRows)
	for i := range min(most, len(all)) {
		packed = append(packed, all[i*len(all)/min(most, len(all))]...)
	}
	return packed
}

// ordinaryRows yields the packed embedding of each window of ordinary life: the sample, then the last minutes. The caller holds v.mu.
func (v *View) ordinaryRows(yield func([]byte) bool) {
	for k := range v.life.kinds {
		for _, s := range v.life.kinds[k].stretches {
			for i := range s.len() {
				if _, e := s.window(i); !yield(e) {
					return
				}
			}
		}
	}
	for n := v.moments.first; n < v.moments.next; n++ {
		if !v.moments.at(n).taken && !yield(v.moments.embedding(n)) {
			return
		}
	}
}

// round3 keeps three decimals. What is no number becomes 0: JSON has none.
func round3(x float64) float64 {
	if x-x != 0 {
		return 0
	}
	return math.Round(x*1000) / 1000
}
