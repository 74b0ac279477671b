package record

import (
	"slices"
	"time"
)

// history holds the scores of a view's newest windows. It allocates with the first window alone.
type history struct {
	labels []string
	times  []time.Duration
	scores []float32 // of window n: from n%len(times)*len(labels) on
	next   uint64
}

func (h *history) add(t time.Duration, labels []string, scores []float32, capacity int) {
	if h.times == nil {
		h.labels, h.times, h.scores = labels, make([]time.Duration, capacity), make([]float32, capacity*len(labels))
	}
	if len(scores) != len(h.labels) {
		return
	}
	i := int(h.next % uint64(len(h.times)))
	h.times[i] = t
	copy(h.scores[i*len(h.labels):], scores)
	h.next++
}

func (h *history) clear() {
	clear(h.times)
	clear(h.scores)
	h.next = 0
}

const (
	// keptScore is the score from which on a label's curve is kept with a clip.
	keptScore = 0.05
	// keptLabels bounds the curves of a clip.
	keptLabels = 20
)

// between returns the windows of that time as a Clip holds them: of the labels given, and of those with the highest scores.
func (h *history) between(from, to time.Duration, always []string) (labels []string, windows [][]float64) {
	var chosen []int
	best := make([]float32, len(h.labels))
	h.each(from, to, func(_ time.Duration, scores []float32) {
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
	for _, i := range chosen {
		labels = append(labels, h.labels[i])
	}
	h.each(from, to, func(t time.Duration, scores []float32) {
		row := make([]float64, 1, 1+len(chosen))
		row[0] = float64(millis(t - from))
		for _, i := range chosen {
			row = append(row, round4(scores[i]))
		}
		windows = append(windows, row)
	})
	return labels, windows
}

// each calls f for the windows of that time, in order.
func (h *history) each(from, to time.Duration, f func(time.Duration, []float32)) {
	n := uint64(len(h.times))
	oldest := h.next - min(h.next, n)
	for ; oldest < h.next; oldest++ {
		i := int(oldest % n)
		if t := h.times[i]; t >= from && t <= to {
			f(t, h.scores[i*len(h.labels):(i+1)*len(h.labels)])
		}
	}
}
