package node

import (
	"slices"
	"testing"
)

func TestFramesOnTheModelsGrid(t *testing.T) {
	frames := [][3]int64{{0}, {100}, {200}, {300}, {400}, {900}, {1000}}
	for _, c := range []struct {
		from, until int64
		rate        float64
		most        int
		want        []int64
	}{
		{0, 400, 10, 9, []int64{0, 100, 200, 300, 400}},
		{0, 400, 5, 9, []int64{0, 200, 400}},
		{0, 400, 10, 2, []int64{300, 400}},
		{50, 150, 10, 9, []int64{0, 100}},
		{400, 1000, 5, 9, []int64{400, 400, 400, 1000}}, // a gap shows the last picture before it
		{-200, 0, 10, 9, []int64{0}},
	} {
		var got []int64
		for _, f := range onGrid(frames, c.from, c.until, c.rate, c.most) {
			got = append(got, f[0])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("from %d until %d at %g/s: %v, want %v", c.from, c.until, c.rate, got, c.want)
		}
	}
}
