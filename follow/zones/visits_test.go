package zones

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const tick = 125 * time.Millisecond

// note walks a target through x, one for each tick, at the height 0.8. Where x is below 0, the target is not found.
func note(v *Visits, track uint64, from int, xs ...float64) {
	for i, x := range xs {
		if x >= 0 {
			v.Note(track, standing(x, 0.8), time.Duration(from+i)*tick)
		}
	}
}

// told returns Visits of the places above, and what they report.
func told() (*Visits, *[]string) {
	got := new([]string)
	return NewVisits(New(places, [4]float64{0, 0, 1, 1}), func(v Visit) {
		*got = append(*got, fmt.Sprintf("%d %s %s %.3f-%.3f dwell %.3f"+map[bool]string{true: " lost"}[v.Lost], v.Track, v.Phase, v.Zone, v.Entered.Seconds(), v.Left.Seconds(), v.Dwell().Seconds()))
	}), got
}

func TestVisits(t *testing.T) {
	for _, c := range []struct {
		name string
		xs   []float64
		want []string
	}{
		{"a way from one zone to the next", []float64{.3, .3, .4, .45, .6, .6, .6, .7, .7, .7, .7, .7, .7}, []string{
			"1 enter stall 0.000-0.000 dwell 0.000", "1 enter yard 0.500-0.000 dwell 0.000", "1 leave stall 0.000-0.375 dwell 0.375",
		}},
		{"a moment is no visit", []float64{.3, .3, .6, .6, .6}, []string{"1 enter yard 0.250-0.000 dwell 0.000"}},
		{"a box that trembles at the border does not leave", []float64{.4, .4, .4, .6, .4, .4, .6, .4}, []string{"1 enter stall 0.000-0.000 dwell 0.000"}},
		{"who is not found for a while is still there", []float64{.4, .4, .4, -1, -1, -1, -1, -1, -1, -1, -1, -1, .4}, []string{
			"1 enter stall 0.000-0.000 dwell 0.000",
		}},
	} {
		v, got := told()
		note(v, 1, 0, c.xs...)
		if !slices.Equal(*got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, *got, c.want)
		}
	}
}

func TestWhoIsGoneHasLeft(t *testing.T) {
	v, got := told()
	note(v, 1, 0, .3, .3, .3, .3)
	note(v, 2, 0, .3, .3, .3, .3)
	v.Keep(func(track uint64) bool { return track != 1 })
	v.Clear()
	want := []string{
		"1 enter stall 0.000-0.000 dwell 0.000", "2 enter stall 0.000-0.000 dwell 0.000",
		"1 leave stall 0.000-0.375 dwell 0.375 lost", "2 leave stall 0.000-0.375 dwell 0.375 lost",
	}
	if !slices.Equal(*got, want) {
		t.Errorf("got %q\nwant %q", *got, want)
	}
}

func TestVisitsAllocateNothing(t *testing.T) {
	v := NewVisits(New(places, [4]float64{0, 0, 1, 1}), func(Visit) {})
	now, x := time.Duration(0), 0.3
	if n := testing.AllocsPerRun(2, func() { // it rounds down: each run has many ticks
		for range 100 {
			now += tick
			if now%(20*tick) == 0 {
				x = 1 - x
			}
			for track := range uint64(4) {
				v.Note(track, standing(x, 0.8), now)
			}
			v.Keep(func(uint64) bool { return true })
		}
	}); n != 0 {
		t.Errorf("%v allocations per 100 ticks, want 0", n)
	}
}
