package clock

import (
	"testing"
	"time"
)

func TestMonotonicAdvancesWithTheRuntimesClock(t *testing.T) {
	start := Monotonic()
	runtimeStart := time.Now()
	for time.Since(runtimeStart) < time.Millisecond {
		continue
	}
	byRuntime := time.Since(runtimeStart)
	byClock := Monotonic() - start

	// The readings of one clock lie around those of the other, so it saw no less; being scheduled away may add any time.
	if byClock < byRuntime {
		t.Errorf("CLOCK_MONOTONIC advanced %v while the runtime's clock advanced %v", byClock, byRuntime)
	}
}

func TestAtPlacesMonotonicTimesOnTheWallClock(t *testing.T) {
	wall := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now := Instant{Wall: wall, Monotonic: 100 * time.Second}

	for _, c := range []struct {
		monotonic time.Duration
		want      time.Time
	}{
		{100 * time.Second, wall},
		{98500 * time.Millisecond, wall.Add(-1500 * time.Millisecond)},
		{101 * time.Second, wall.Add(time.Second)},
	} {
		if got := now.At(c.monotonic); !got.Equal(c.want) {
			t.Errorf("At(%v) = %v, want %v", c.monotonic, got, c.want)
		}
	}
}

// Of no machine that runs tests it is known how long it was suspended; meanwhile it is not.
func TestSuspendedStandsStill(t *testing.T) {
	before := Suspended()
	time.Sleep(20 * time.Millisecond)
	if grown := Suspended() - before; before < -time.Millisecond || grown > 10*time.Millisecond || grown < -10*time.Millisecond {
		t.Errorf("suspended for %v, and %v more while the test ran", before, grown)
	}
}

func TestNowDoesNotAllocate(t *testing.T) {
	var sink Instant
	if n := testing.AllocsPerRun(100, func() { sink = Now(); sink.Monotonic += Suspended() }); n != 0 {
		t.Errorf("Now allocates %v times", n)
	}
	_ = sink
}
