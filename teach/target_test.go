package teach

import (
	"errors"
	"testing"
	"time"
)

// Where several targets are followed, the user may point at the moments of one of them.
func TestExampleOfOneTarget(t *testing.T) {
	r := newRoom(t, "")
	r.must(r.teacher.Create(hall, "ring"))
	r.live(3 * time.Second)
	began := r.now
	for range 6 {
		r.now += 250 * time.Millisecond
		for track := uint64(1); track <= 3; track++ {
			r.teacher.View(hall).Window(Seen{Time: r.now, Track: track, Embedding: r.action(), Motion: 0.1, Label: 1, Score: 0.3})
		}
	}
	from, until := r.wall(began), r.wall(r.now)
	if _, err := r.teacher.ThatWasTarget(hall, "ring", from, until, 4); !errors.Is(err, ErrNoMoments) {
		t.Errorf("an example of a target that was not there: %v", err)
	}
	if _, err := r.teacher.TargetPicture(hall, until, 4, 0); !errors.Is(err, ErrNoMoments) {
		t.Errorf("a picture of a target that was not there: %v", err)
	}
	e, err := r.teacher.ThatWasTarget(hall, "ring", from, until, 2)
	r.must(err)
	if _, i, err := r.teacher.itemOf(e.ID); err != nil || i.Track != 2 || len(i.Windows) != 6 {
		t.Errorf("the example is of target %d, with %d windows: %v", i.Track, len(i.Windows), err)
	}
}
