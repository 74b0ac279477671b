package watch

import (
	"testing"
	"time"
)

func TestRatesAreThoseSinceTheLastReport(t *testing.T) {
	last := mark{at: time.Second, count: 30}
	if r := last.advance(mark{at: 3 * time.Second, count: 90, invoke: 60 * time.Millisecond}); r.perSecond != 30 || r.invokeMs != 1 {
		t.Errorf("%v a second of %v ms, want 30 of 1", r.perSecond, r.invokeMs)
	}
	if r := last.advance(mark{at: 4 * time.Second, count: 90, invoke: 60 * time.Millisecond}); r.perSecond != 0 || r.invokeMs != 0 {
		t.Errorf("%v a second of %v ms with nothing new", r.perSecond, r.invokeMs)
	}
}
