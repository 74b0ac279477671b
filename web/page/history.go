package page

import (
	"math"
	"net/http"
	"sync"
	"time"
)

// history holds measurements of the last hour.
type history struct {
	mu     sync.Mutex // guards all
	times  []int64    // Unix milliseconds
	series map[string][]float64
}

// historyLength is an hour at a measurement each ten seconds.
const historyLength = 360

// Measure adds measurements to the page's charts. What is missing is a gap in its curve.
func (p *Page) Measure(at time.Time, values map[string]float64) {
	h := &p.history
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.series == nil {
		h.series = map[string][]float64{}
	}
	for name := range values {
		if h.series[name] == nil {
			h.series[name] = gaps(len(h.times))
		}
	}
	h.times = last(append(h.times, at.UnixMilli()))
	for name, s := range h.series {
		v, ok := values[name]
		if !ok {
			v = math.NaN()
		}
		h.series[name] = last(append(s, v))
	}
}

func gaps(n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = math.NaN()
	}
	return s
}

// last keeps the newest measurements.
func last[T any](s []T) []T {
	if len(s) > historyLength {
		copy(s, s[1:])
		s = s[:historyLength]
	}
	return s
}

// showHistory answers with all curves. JSON has no NaN: gaps are null.
func (p *Page) showHistory(w http.ResponseWriter, _ *http.Request) {
	h := &p.history
	h.mu.Lock()
	series := map[string][]*float64{}
	for name, s := range h.series {
		out := make([]*float64, len(s))
		for i, v := range s {
			if rounded := math.Round(v*1000) / 1000; !math.IsNaN(v) && !math.IsInf(v, 0) {
				out[i] = &rounded
			}
		}
		series[name] = out
	}
	times := append([]int64{}, h.times...)
	h.mu.Unlock()
	reply(w, map[string]any{"times": times, "series": series, "status": p.Statistics()})
}
