package infer

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// fixedJudge is a Judge that a test tells what to say.
type fixedJudge struct {
	lessons *Lessons
	scores  []float32
	gaps    int
	stills  int
}

func (j *fixedJudge) Window(*Window) (*Lessons, []float32) { return j.lessons, j.scores }
func (j *fixedJudge) Gap()                                 { j.gaps++ }
func (j *fixedJudge) Still(time.Duration) (*Lessons, []float32) {
	j.stills++
	return j.lessons, make([]float32, len(j.scores))
}

func ringLessons(enter float32) *Lessons {
	return &Lessons{Labels: []string{"ring"}, Rules: []Rule{{Thresholds: Thresholds{Enter: enter, Exit: enter / 2}}}}
}

func (r *rig) told() (all []string) {
	for _, e := range r.events {
		all = append(all, fmt.Sprintf("%d %s %s", e.ID, e.Label, e.Phase))
	}
	return all
}

// ticks runs windows until that tick.
func (r *rig) ticks(from, until int64, content byte) {
	for tick := from; tick < until; tick++ {
		r.frame(tick, content)
		r.step()
	}
}

// A taught action has events like the model's own, and their numbers do not clash.
func TestTaughtActionsHaveEvents(t *testing.T) {
	r := newRig(t, 2, 1, 16)
	j := &fixedJudge{lessons: ringLessons(0.7), scores: []float32{0.9}}
	r.Judge = j
	r.ticks(0, 3, 99)
	j.scores[0] = 0
	r.ticks(3, 5, 0)
	want := []string{"1 move start", "2 ring start", "1 move end", "2 ring end"}
	if got := r.told(); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// Another threshold holds at once and ends nothing; another set of actions ends those in progress.
func TestTaughtActionsChange(t *testing.T) {
	r := newRig(t, 2, 1, 16)
	j := &fixedJudge{lessons: ringLessons(0.95), scores: []float32{0.9}}
	r.Judge = j
	r.ticks(0, 3, 0)
	if len(r.events) > 0 {
		t.Errorf("events %q below the threshold", r.told())
	}
	j.lessons = ringLessons(0.5)
	r.ticks(3, 5, 0)
	j.lessons = ringLessons(0.6)
	r.ticks(5, 7, 0)
	j.lessons, j.scores = &Lessons{}, nil
	r.ticks(7, 9, 0)
	if want := []string{"1 ring start", "1 ring end"}; !slices.Equal(r.told(), want) {
		t.Errorf("events %q, want %q", r.told(), want)
	}
}

func TestAGapEndsTaughtActions(t *testing.T) {
	for name, end := range map[string]func(*rig){
		"gap":    func(r *rig) { r.ring.Reset(); r.step() },
		"finish": func(r *rig) { r.Finish() },
	} {
		r := newRig(t, 2, 1, 16)
		j := &fixedJudge{lessons: ringLessons(0.5), scores: []float32{0.9}}
		r.Judge = j
		r.ticks(0, 3, 0)
		end(r)
		if want := []string{"1 ring start", "1 ring end"}; !slices.Equal(r.told(), want) || j.gaps != 1 {
			t.Errorf("%s: events %q, want %q; %d gaps", name, r.told(), want, j.gaps)
		}
	}
}

func TestTaughtActionsDoNotAllocate(t *testing.T) {
	r := newRig(t, 3, 1, 8)
	r.engine = nil
	r.Clip = quietEngine{}
	j := &fixedJudge{lessons: ringLessons(0.5), scores: []float32{0}}
	r.Judge = j
	r.OnWindow, r.OnEvent = func(*Window) {}, func(Event) {}
	tick := int64(0)
	if n := testing.AllocsPerRun(20, func() {
		for range 10 {
			r.frame(tick, 0)
			tick++
			j.scores[0] = 1 - j.scores[0] // starts and ends in turn
			r.step()
		}
	}); n != 0 {
		t.Errorf("%v allocations per 10 windows", n)
	}
}
