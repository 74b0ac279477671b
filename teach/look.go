package teach

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// look is windows that were taken out of the moments.
type look struct {
	track   uint64
	times   []time.Duration
	windows [][]byte // packed
	best    int      // index of the window that shows the action best
}

// byEmbedding scores a moment by its embedding.
func (v *View) byEmbedding(score func(Embedding) float64) func(*moment, []byte) float64 {
	e := make(Embedding, v.numbers)
	return func(_ *moment, packed []byte) float64 {
		unpack(e, packed)
		return score(e)
	}
}

// ofTarget scores the moments of one target, and no other; of all targets if track is 0.
func ofTarget(track uint64, score func(*moment, []byte) float64) func(*moment, []byte) float64 {
	if track == 0 {
		return score
	}
	return func(m *moment, packed []byte) float64 {
		if m.track != track {
			return math.Inf(-1)
		}
		return score(m, packed)
	}
}

// byTime scores the moments of a target by how near they are to t.
func byTime(t time.Duration, track uint64) func(*moment, []byte) float64 {
	return func(m *moment, _ []byte) float64 {
		if m.track != track {
			return math.Inf(-1)
		}
		return -(m.time - t).Abs().Seconds()
	}
}

// lookAt returns the windows of the moments from one time to another: those of the target that has the window with the highest score.
func (v *View) lookAt(from, until time.Duration, score func(*moment, []byte) float64) (*look, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	first, end := v.moments.between(from, until)
	if first >= end {
		return nil, fmt.Errorf("%w: the camera gave none, nothing moved, or it is more than %v ago", ErrNoMoments, momentsAge)
	}
	best, most := first, 0.0
	for n := first; n < end; n++ {
		if s := score(v.moments.at(n), v.moments.embedding(n)); n == first || s > most {
			best, most = n, s
		}
	}
	return v.moments.copy(first, end, best), nil
}

// copy copies the windows of the best one's target: at most maxWindows, around the best.
func (m *moments) copy(first, end, best uint64) *look {
	l := &look{track: m.at(best).track}
	var numbers []uint64
	for n := first; n < end; n++ {
		if m.at(n).track == l.track {
			numbers = append(numbers, n)
		}
	}
	at, _ := slices.BinarySearch(numbers, best)
	if extra := len(numbers) - maxWindows; extra > 0 {
		begin := min(max(0, at-maxWindows/2), extra)
		numbers, at = numbers[begin:begin+maxWindows], at-begin
	}
	for _, n := range numbers {
		l.times = append(l.times, m.at(n).time)
		l.windows = append(l.windows, slices.Clone(m.embedding(n)))
	}
	l.best = at
	return l
}

// neighbourhood is the time around what was taught in which moments are no ordinary life.
const neighbourhood = 2 * time.Second

// take makes sure that nothing around the look becomes ordinary life, or stays it. That goes for what comes in the next seconds, too.
func (v *View) take(l *look, wall func(time.Duration) time.Time) {
	from, until := l.times[0]-neighbourhood, l.times[len(l.times)-1]+neighbourhood
	v.mu.Lock()
	defer v.mu.Unlock()
	v.moments.take(from, until)
	v.takenFrom, v.takenTo = from, until
	v.life.drop(wall(from).UnixMilli(), wall(until).UnixMilli())
}

// item makes an item of the look, with pictures if there are some and keep says so.
func (v *View) item(l *look, kind itemKind, keep bool, wall func(time.Duration) time.Time) *item {
	start, end, best := l.times[0], l.times[len(l.times)-1], l.times[l.best]
	i := &item{
		ID: newID(), View: v.Path, Model: v.Model, kind: kind, Track: l.track, Windows: l.windows,
		Time: wall(best).UnixMilli(), Start: wall(start).UnixMilli(), End: wall(end).UnixMilli(),
	}
	for _, t := range l.times {
		i.Offsets = append(i.Offsets, (t - start).Milliseconds())
	}
	if keep && v.frames != nil {
		i.Pictures = v.frames.pictures(best-time.Second, best+time.Second, l.track, maxPictures)
	}
	return i
}
