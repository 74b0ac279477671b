// Package durations counts how long something takes, so that a program can say how long it usually takes and how long at worst.
package durations

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Histogram counts durations by their length, in steps of at most 25 %. Any goroutine may add and read. Its zero value is empty.
type Histogram struct{ counts [steps]atomic.Uint32 }

// steps reach from 8 microseconds to more than an hour: four for each doubling.
const steps = 4 * 30

// Add counts a duration.
func (d *Histogram) Add(t time.Duration) { d.counts[step(t)].Add(1) }

func step(t time.Duration) int {
	us := uint64(max(t, 0) / time.Microsecond)
	if us < 8 {
		return 0
	}
	doublings := bits.Len64(us) - 4
	return min(steps-1, 1+4*doublings+int(us>>doublings-8)/2)
}

// upper is the longest duration of a step.
func upper(step int) time.Duration {
	if step == 0 {
		return 8 * time.Microsecond
	}
	step--
	return time.Duration((10+step%4*2)<<(step/4)) * time.Microsecond
}

// Counts are the counts of a Histogram at one moment.
type Counts [steps]uint32

// Counts returns the counts of now.
func (d *Histogram) Counts() (c Counts) {
	for i := range c {
		c[i] = d.counts[i].Load()
	}
	return c
}

// Quantile returns the duration that a share q of those since the earlier counts did not exceed; 0 if there were none.
func (c *Counts) Quantile(q float64, earlier *Counts) time.Duration {
	var total, sum uint64
	for i := range c {
		total += uint64(c[i] - earlier[i])
	}
	for i := range c {
		sum += uint64(c[i] - earlier[i])
		if total > 0 && float64(sum) >= q*float64(total) {
			return upper(i)
		}
	}
	return 0
}
