package durations

import (
	"testing"
	"time"
)

func TestQuantilesAreRightWithinAStep(t *testing.T) {
	var d Histogram
	for n := range 1000 {
		d.Add(time.Duration(n+1) * 100 * time.Microsecond)
	}
	first, none := d.Counts(), Counts{}
	for q, want := range map[float64]time.Duration{0.5: 50 * time.Millisecond, 0.99: 99 * time.Millisecond} {
		if got := first.Quantile(q, &none); got < want || got > want*5/4 {
			t.Errorf("quantile %g is %v, want %v to %v", q, got, want, want*5/4)
		}
	}
	d.Add(2 * time.Second)
	second := d.Counts()
	if got := second.Quantile(0.5, &first); got < 2*time.Second || got > 2500*time.Millisecond {
		t.Errorf("%v, want the one since the first counts", got)
	}
	if got := first.Quantile(0.5, &first); got != 0 {
		t.Errorf("%v of no durations", got)
	}
}

func TestEveryDurationHasAStep(t *testing.T) {
	last := 0
	for us := range 1 << 20 {
		s := step(time.Duration(us) * time.Microsecond)
		if s < last || s > last+1 || time.Duration(us)*time.Microsecond > upper(s) {
			t.Fatalf("%d us is in step %d, up to %v; the one before in %d", us, s, upper(s), last)
		}
		last = s
	}
	for _, d := range []time.Duration{-1, 0, 1 << 62} {
		if s := step(d); s < 0 || s >= steps {
			t.Errorf("%v: step %d", d, s)
		}
	}
}
