package follow_test

import (
	"slices"
	"testing"
)

// lateness is how long after the truth walks were reported, in seconds, each list sorted.
type lateness struct {
	start []float64 // the start that the event names
	told  []float64 // when the event came
}

// judgeStarts compares the starts of actions with the labels: when somebody begins to walk, or comes into the picture. Walks that go on when the video
// begins are left out, since edged learns the background then.
func judgeStarts(people map[string][]keyframe, walks []walk, actions []action) (late lateness) {
	for _, w := range walks {
		if w.from < 2*labelledRate {
			continue
		}
		if a, ok := firstOf(people, w, actions); ok {
			late.start = append(late.start, (a.start-w.from)/labelledRate)
			late.told = append(late.told, (a.frames[0]-w.from)/labelledRate)
		}
	}
	slices.Sort(late.start)
	slices.Sort(late.told)
	return late
}

// firstOf returns the first action that is this walk.
func firstOf(people map[string][]keyframe, w walk, actions []action) (first action, ok bool) {
	for _, a := range actions {
		if a.label != w.label || len(a.frames) == 0 || a.frames[0] > w.to || a.frames[len(a.frames)-1] < w.from || ok && a.start >= first.start {
			continue
		}
		for i, frame := range a.frames {
			if frame >= w.from && frame <= w.to && alone(people, w.person, frame, a.boxes[i]) {
				first, ok = a, true
				break
			}
		}
	}
	return first, ok
}

// report logs the median and the tenths at both ends, and fails the test if the start is late.
func (l lateness) report(t *testing.T) {
	t.Helper()
	if len(l.start) < 30 {
		t.Fatalf("%d walks have a start", len(l.start))
	}
	l.log(t, "the start that the event names", l.start)
	l.log(t, "the event itself", l.told)
	if median := part(l.start, 0.5); median < -0.5 || median > 0.5 {
		t.Errorf("the median start is %+.2f s from the truth; want at most 0.5 s", median)
	}
}

func (l lateness) log(t *testing.T, name string, list []float64) {
	t.Helper()
	t.Logf("| %s | %d walks | median %+.2f s | a tenth before %+.2f s | a tenth after %+.2f s |", name, len(list), part(list, 0.5), part(list, 0.1), part(list, 0.9))
}

// part is the value below which this part of the sorted list lies.
func part(sorted []float64, p float64) float64 {
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}
