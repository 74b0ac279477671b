package capture

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// grid is which tick the Sampler takes each frame for, -1 where it takes it for none. Times are nanoseconds.
type grid struct {
	Name  string          `json:"name"`
	Rate  float64         `json:"rate"`
	Times []time.Duration `json:"times"`
	Ticks []int64         `json:"ticks"`
}

// The workshop in models/ shows a model the frames that edged would: its own test reads the same file.
func TestSamplerAsThePythonOne(t *testing.T) {
	const name, ms = "testdata/sampler.json", time.Millisecond
	var got []grid
	for _, c := range []struct {
		name  string
		rate  float64
		times []time.Duration
	}{
		{"30 fps, whole milliseconds", 8, rounded(camera(90, 30, 0, nil))},
		{"29.97 fps, jitter", 8, camera(90, 30000.0/1001, 6*ms, nil)},
		{"25 fps", 8, camera(90, 25, 0, nil)},
		{"25 fps at 7.5", 7.5, rounded(camera(90, 25, 0, nil))},
		{"12.5 fps", 8, camera(60, 12.5, 0, nil)},
		{"12.5 fps, jitter", 8, camera(60, 12.5, 15*ms, nil)},
		{"10 fps", 8, camera(60, 10, 0, nil)},
		{"7.95 fps, jitter", 8, camera(200, 7.95, 20*ms, nil)},
		{"5 fps", 8, camera(30, 5, 0, nil)},
		{"30 fps, every 7th lost", 8, camera(120, 30, 0, func(i int) bool { return i%7 == 3 })},
		{"30 fps, a second lost", 8, camera(120, 30, 0, func(i int) bool { return i > 50 && i < 80 })},
		{"an hour passes", 8, append(camera(40, 25, 0, nil), later(camera(40, 25, 0, nil), time.Hour)...)},
		{"back to the start, and twice the same", 8, append(camera(40, 25, 0, nil), camera(40, 25, 0, func(i int) bool { return i == 2 })...)},
	} {
		g := grid{Name: c.name, Rate: c.rate, Times: c.times}
		s := NewSampler(c.rate)
		for _, time := range c.times {
			tick, take := s.Take(time)
			if !take {
				tick = -1
			}
			g.Ticks = append(g.Ticks, tick)
		}
		got = append(got, g)
	}
	if *update {
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var want []grid
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, func(a, b grid) bool {
		return a.Name == b.Name && a.Rate == b.Rate && slices.Equal(a.Times, b.Times) && slices.Equal(a.Ticks, b.Ticks)
	}) {
		t.Errorf("the frames taken are not those of %s: go test ./capture -run Python -update, then models/squeezetime/sampling.py", name)
	}
}

// rounded is the times as a video file has them.
func rounded(times []time.Duration) []time.Duration {
	for i := range times {
		times[i] = times[i].Round(time.Millisecond)
	}
	return times
}

func later(times []time.Duration, by time.Duration) []time.Duration {
	for i := range times {
		times[i] += by
	}
	return times
}
