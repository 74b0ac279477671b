package lograte

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Limit{Every: 10 * time.Second}
		var lines, suppressed int
		for range 25 {
			if n, ok := l.Take(); ok {
				lines, suppressed = lines+1, suppressed+n
			}
			time.Sleep(time.Second)
		}
		if lines != 3 || suppressed != 18 {
			t.Errorf("%d lines in 25 s, which tell of %d suppressed ones; want 3 and 18", lines, suppressed)
		}
	})
}
