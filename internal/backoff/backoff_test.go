package backoff

import (
	"testing"
	"time"
)

func TestWaitsDoubleFromMinToMaxAndStartAgainOnceHealthy(t *testing.T) {
	b := Backoff{Min: time.Second, Max: 60 * time.Second, Healthy: 60 * time.Second}
	for i, c := range []struct {
		lived time.Duration
		most  time.Duration // the wait is drawn from [most/2, most]
	}{
		{0, 1 * time.Second},
		{0, 2 * time.Second},
		{59 * time.Second, 4 * time.Second},
		{0, 8 * time.Second},
		{0, 16 * time.Second},
		{0, 32 * time.Second},
		{0, 60 * time.Second},
		{0, 60 * time.Second},
		{60 * time.Second, 1 * time.Second},
		{0, 2 * time.Second},
	} {
		if got := b.After(c.lived); got < c.most/2 || got > c.most {
			t.Errorf("wait %d, after a life of %v: %v, want %v to %v", i, c.lived, got, c.most/2, c.most)
		}
	}
}

func TestWaitsDiffer(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 20 {
		b := Backoff{Min: time.Second, Max: 60 * time.Second, Healthy: 60 * time.Second}
		seen[b.After(0)] = true
	}
	if len(seen) < 15 {
		t.Errorf("20 nodes that lost their broker at once would wait only %d different times", len(seen))
	}
}
