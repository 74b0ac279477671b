package teach

import (
	"slices"
	"testing"
	"time"
)

// numbered are windows, four a second, whose embeddings are their numbers.
func numbered(from, until int) (windows []Window) {
	for n := from; n < until; n++ {
		windows = append(windows, Window{time.Duration(n) * time.Second / 4, Embedding{float32(n)}})
	}
	return windows
}

func beside(windows []Window) (earlier []float32) {
	for _, w := range windows {
		earlier = append(earlier, w.Embedding[1])
	}
	return earlier
}

func TestAWindowStandsBesideThatOfASecondBefore(t *testing.T) {
	for name, test := range map[string]struct {
		windows []Window
		earlier []float32
	}{
		"from the beginning on": {numbered(0, 8), []float32{0, 0, 0, 0, 0, 1, 2, 3}},
		"after a gap":           {slices.Concat(numbered(0, 3), numbered(100, 106)), []float32{0, 0, 0, 100, 100, 100, 100, 100, 101}},
		"after a jump back":     {slices.Concat(numbered(50, 52), numbered(0, 2)), []float32{50, 50, 0, 0}},
	} {
		made := Join(test.windows)
		if got := beside(made); !slices.Equal(got, test.earlier) {
			t.Errorf("%s: beside the windows stand %v, expected %v", name, got, test.earlier)
		}
		for i, w := range made {
			if w.Time != test.windows[i].Time || w.Embedding[0] != test.windows[i].Embedding[0] {
				t.Errorf("%s: window %d has become another", name, i)
			}
		}
	}
	if len(Join(nil)) != 0 {
		t.Error("nothing has become something")
	}
}

func TestManyWindowsASecondAreJoinedWithTheOldest(t *testing.T) {
	var windows []Window
	for n := range 40 {
		windows = append(windows, Window{time.Duration(n) * 10 * time.Millisecond, Embedding{float32(n)}})
	}
	if got := beside(Join(windows))[39]; got != 40-mostBefore {
		t.Errorf("window 39 stands beside %v, expected %d", got, 40-mostBefore)
	}
}

func TestTargetsAreJoinedByThemselves(t *testing.T) {
	j := newJoiners(1, 2)
	for n := range 6 {
		at := time.Duration(n) * time.Second / 4
		for track := uint64(1); track <= 2; track++ {
			got := j.join(track, at, Embedding{float32(100*int(track) + n)})
			if want := float32(100*int(track) + max(0, n-4)); got[1] != want {
				t.Errorf("target %d, window %d: beside it stands %v, expected %v", track, n, got[1], want)
			}
		}
	}
	// A third target takes the place of the first, which then begins anew.
	if got := j.join(3, 2*time.Second, Embedding{300}); got[1] != 300 {
		t.Errorf("a new target stands beside %v", got[1])
	}
	if got := j.join(2, 2*time.Second, Embedding{299}); got[1] == 299 {
		t.Error("the target that stayed has lost what came before")
	}
	j.clear()
	if got := j.join(2, 2250*time.Millisecond, Embedding{298}); got[1] != 298 {
		t.Errorf("after a gap it stands beside %v", got[1])
	}
	e := Embedding{1}
	if n := testing.AllocsPerRun(100, func() { j.join(2, 3*time.Second, e) }); n > 0 {
		t.Errorf("%v allocations a window", n)
	}
}
