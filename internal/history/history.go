// Package history keeps a node's measurements of the last hour, for charts.
package history

import (
	"encoding/json"
	"math"
	"sync"
	"time"
)

const (
	// Every is the time between two measurements.
	Every = 10 * time.Second
	// Length is how many measurements are kept: an hour of them.
	Length = int(time.Hour / Every)
)

// History holds the newest measurements of named values. Its zero value is empty. Any goroutine may call its methods.
type History struct {
	mu     sync.Mutex // guards what follows
	times  []int64    // Unix milliseconds
	series map[string][]float64
}

// Add adds the values of one moment. A known value that is missing is a gap in its curve. A value that was missing for the whole hour is
// forgotten, so that cameras which the configuration no longer has take no memory.
func (h *History) Add(at time.Time, values map[string]float64) {
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
	h.times = newest(append(h.times, at.UnixMilli()))
	for name, s := range h.series {
		v, ok := values[name]
		if !ok {
			v = math.NaN()
		}
		if s = newest(append(s, v)); empty(s) {
			delete(h.series, name)
		} else {
			h.series[name] = s
		}
	}
}

func gaps(n int) []float64 {
	s := make([]float64, n, Length+1)
	for i := range s {
		s[i] = math.NaN()
	}
	return s
}

// newest keeps the newest measurements.
func newest[T any](s []T) []T {
	if len(s) > Length {
		copy(s, s[1:])
		s = s[:Length]
	}
	return s
}

func empty(s []float64) bool {
	for _, v := range s {
		if !math.IsNaN(v) {
			return false
		}
	}
	return true
}

// Curves are measurements as JSON has them. Times are Unix milliseconds, and series[name][i] is the value at times[i].
type Curves struct {
	Times  []int64            `json:"times"`
	Series map[string][]Value `json:"series"`
}

// Value is a measured value. In JSON it has three decimals. A gap is null there, since JSON has no NaN.
type Value float64

// MarshalJSON implements json.Marshaler.
func (v Value) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(math.Round(float64(v)*1000) / 1000)
}

// Curves returns a copy of all measurements, the oldest first.
func (h *History) Curves() Curves {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := Curves{Times: append([]int64{}, h.times...), Series: map[string][]Value{}}
	for name, s := range h.series {
		values := make([]Value, len(s))
		for i, v := range s {
			values[i] = Value(v)
		}
		c.Series[name] = values
	}
	return c
}
