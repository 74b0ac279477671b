package teach

import (
	"cmp"
	"slices"
	"time"
)

// quiet is ordinary life as a test: how often would a head fire in it?
type quiet struct {
	recordings []recording
	days       float64 // that were watched
}

// recording is packed windows in the order of time, and how many times a day something like it happens.
type recording struct {
	times   []time.Duration
	windows [][]byte
	perDay  float64
}

// leastWatched is what the view was watched for at least: a firing in the first minute is no thousand a day.
const leastWatched = time.Hour

// watched is how long the view was watched with its model.
func (v *View) watched() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.life.watched
}

// quiet copies the view's ordinary life: the sampled stretches, each of which stands for many, and the last minutes as they were.
func (v *View) quiet() *quiet {
	v.mu.Lock()
	defer v.mu.Unlock()
	q := &quiet{days: max(v.life.watched, leastWatched).Hours() / 24}
	for k := range v.life.kinds {
		r := &v.life.kinds[k]
		if len(r.stretches) == 0 {
			continue
		}
		each := float64(r.seen) / float64(len(r.stretches)) / q.days
		for _, s := range r.stretches {
			s = slices.Clone(s)
			rec := recording{perDay: each}
			for i := range s.len() {
				at, e := s.window(i)
				rec.times, rec.windows = append(rec.times, at), append(rec.windows, e)
			}
			q.recordings = append(q.recordings, rec)
		}
	}
	q.recordings = append(q.recordings, v.moments.recordings(1/q.days)...)
	return q
}

// recordings copies the moments, except those that were taken, as one recording for each target and stretch of time.
func (m *moments) recordings(perDay float64) (list []recording) {
	open := map[uint64]int{}
	for n := m.first; n < m.next; n++ {
		w := m.at(n)
		i, ok := open[w.track]
		if w.taken {
			delete(open, w.track)
			continue
		}
		if !ok {
			i = len(list)
			open[w.track] = i
			list = append(list, recording{perDay: perDay})
		}
		list[i].times, list[i].windows = append(list[i].times, w.time), append(list[i].windows, slices.Clone(m.embedding(n)))
	}
	return list
}

// addWrong adds something that the user called wrong: it may happen once a day again.
func (q *quiet) addWrong(windows []Window) {
	rec := recording{perDay: 1}
	for _, w := range windows {
		packed := make([]byte, packedSize(len(w.Embedding)))
		pack(packed, w.Embedding)
		rec.times, rec.windows = append(rec.times, w.Time), append(rec.windows, packed)
	}
	q.recordings = append(q.recordings, rec)
}

// peak is the score that a recording reaches, and how many times a day.
type peak struct{ score, perDay float64 }

// threshold returns the lowest threshold, at least 0.5, at which ordinary life fires at most allowed times a day, and how often it fires at that. It is at
// most reach, however often ordinary life then fires.
func (q *quiet) threshold(h *Head, allowed, reach float64) (threshold, perDay float64) {
	var peaks []peak
	for _, r := range q.recordings {
		for _, score := range r.peaks(h) {
			peaks = append(peaks, peak{score, r.perDay})
		}
	}
	slices.SortFunc(peaks, func(a, b peak) int { return cmp.Compare(b.score, a.score) })
	threshold = least
	for _, p := range peaks {
		if perDay += p.perDay; perDay > allowed {
			threshold = p.score + (1-p.score)*margin
			break
		}
	}
	threshold = max(min(threshold, reach, most), least)
	perDay = 0
	for _, p := range peaks {
		if p.score >= threshold {
			perDay += p.perDay
		}
	}
	return threshold, perDay
}

// peaks returns the highest smoothed score of each time that the head would fire at the least threshold.
func (r *recording) peaks(h *Head) (scores []float64) {
	k := tracker{}
	e := make(Embedding, h.numbers())
	for i, packed := range r.windows {
		unpack(e, packed)
		if c, ended := k.window(r.times[i], h.Score(e), least/nearShare); ended {
			scores = append(scores, c.peak)
		}
	}
	if c, ended := k.finish(); ended {
		scores = append(scores, c.peak)
	}
	return scores
}
