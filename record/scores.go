package record

import (
	"slices"
	"time"

	"edged/internal/sink"
)

// history holds the scores of a view's newest windows. It allocates with the first window alone.
type history struct {
	labels  []string
	times   []time.Duration
	targets []target  // of window n: at n%len(times)
	scores  []float32 // of window n: from n%len(times)*len(labels) on
	next    uint64
	follows bool // a window showed a target
}

// target is what a window of a following view shows.
type target struct {
	track uint64
	box   [4]float64 // x, y, width, height, 0 to 1 of the view
}

func (h *history) add(w sink.Window, capacity int) {
	if h.times == nil {
		h.labels, h.times, h.targets, h.scores = w.Labels, make([]time.Duration, capacity), make([]target, capacity), make([]float32, capacity*len(w.Labels))
	}
	if len(w.Scores) != len(h.labels) {
		return
	}
	i := int(h.next % uint64(len(h.times)))
	h.times[i], h.targets[i] = w.Time, target{w.Track, w.Box}
	copy(h.scores[i*len(h.labels):], w.Scores)
	h.follows = h.follows || w.Track != 0
	h.next++
}

func (h *history) clear() {
	clear(h.times)
	clear(h.targets)
	clear(h.scores)
	h.next, h.follows = 0, false
}

const (
	// keptScore is the score from which on a label's curve is kept with a clip.
	keptScore = 0.05
	// keptLabels bounds the curves of a clip.
	keptLabels = 20
)

// describe writes the windows of that time into the clip: the scores of the labels given and of those with the highest scores, and the
// targets of a view that follows.
func (h *history) describe(c *Clip, from, to time.Duration, always []string) {
	chosen := h.choose(from, to, always)
	for _, i := range chosen {
		c.Labels = append(c.Labels, h.labels[i])
	}
	h.each(from, to, func(t time.Duration, shown target, scores []float32) {
		row := make([]float64, 1, 1+len(chosen))
		row[0] = float64(millis(t - from))
		for _, i := range chosen {
			row = append(row, round4(scores[i]))
		}
		c.Windows = append(c.Windows, row)
		if h.follows {
			c.Targets = append(c.Targets, shown.row())
		}
	})
}

// row is the target as a Clip holds it.
func (t target) row() (row [5]float64) {
	row[0] = float64(t.track)
	for i, v := range t.box {
		row[1+i] = round4(float32(v))
	}
	return row
}

// choose returns the labels whose scores are kept, in the model's order.
func (h *history) choose(from, to time.Duration, always []string) (chosen []int) {
	best := make([]float32, len(h.labels))
	h.each(from, to, func(_ time.Duration, _ target, scores []float32) {
		for i, s := range scores {
			best[i] = max(best[i], s)
		}
	})
	for i, label := range h.labels {
		if slices.Contains(always, label) {
			best[i] = 2 // before all others
		}
		if best[i] >= keptScore {
			chosen = append(chosen, i)
		}
	}
	slices.SortStableFunc(chosen, func(a, b int) int { return int(1e6 * (best[b] - best[a])) })
	chosen = chosen[:min(len(chosen), keptLabels)]
	slices.Sort(chosen)
	return chosen
}

// each calls f for the windows of that time, in order.
func (h *history) each(from, to time.Duration, f func(time.Duration, target, []float32)) {
	n := uint64(len(h.times))
	oldest := h.next - min(h.next, n)
	for ; oldest < h.next; oldest++ {
		i := int(oldest % n)
		if t := h.times[i]; t >= from && t <= to {
			f(t, h.targets[i], h.scores[i*len(h.labels):(i+1)*len(h.labels)])
		}
	}
}
