package picture

import (
	"math"
	"testing"
)

func TestRatio(t *testing.T) {
	for _, c := range [][4]uint64{
		{0, 1, 0, 0}, {1, 0, 0, 0}, {5, 5, 1, 1}, {1024, 720, 64, 45}, {59, 54, 59, 54}, {131072, 65536, 2, 1}, {1 << 40, 1, 65535, 1},
		{math.MaxUint64, math.MaxUint64 - 1, 1 << 15, 1 << 15},
	} {
		w, h := Ratio(c[0], c[1])
		if c[0] > 1<<32 { // rounded
			if w < 1 || h < 1 || w > maxRatio || h > maxRatio {
				t.Errorf("%d:%d is %d:%d", c[0], c[1], w, h)
			}
			continue
		}
		if w != int(c[2]) || h != int(c[3]) {
			t.Errorf("%d:%d is %d:%d, want %d:%d", c[0], c[1], w, h, c[2], c[3])
		}
	}
}
