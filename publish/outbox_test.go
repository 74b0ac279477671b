package publish

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"edged/internal/clock"
)

// TestOutboxAgainstAPlainModel runs random operations on the outbox and on a slice, and compares them after each.
func TestOutboxAgainstAPlainModel(t *testing.T) {
	const length = 5
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		o := newOutbox(limits{length, 1 << 20, time.Hour}, clock.Monotonic)
		var model []uint64 // ids that wait
		var dropped, next uint64
		for range 100 {
			switch _, seq, ok := o.oldest(); random.IntN(4) {
			case 0, 1:
				o.put(Event{ID: next})
				model = append(model, next)
				next++
				if len(model) > length {
					model = model[1:]
					dropped++
				}
			case 2:
				if ok {
					o.remove(seq)
					model = model[1:]
				}
			case 3: // an acknowledgement of an event that was dropped or removed before
				o.remove(seq - 1)
			}
			if got := contents(o); !slices.Equal(got, model) || o.dropped() != dropped || o.len() != len(model) {
				t.Fatalf("holds %v (len %d) after dropping %d; want %v after dropping %d", got, o.len(), o.dropped(), model, dropped)
			}
		}
	}
}

// contents returns the ids in o without changing it.
func contents(o *outbox) (ids []uint64) {
	for seq := o.head; seq < o.tail; seq++ {
		ids = append(ids, o.ring[seq%uint64(len(o.ring))].ID)
	}
	return ids
}

func TestAcknowledgingADroppedEventRemovesNoOther(t *testing.T) {
	o := newOutbox(limits{2, 1 << 20, time.Hour}, clock.Monotonic)
	o.put(Event{ID: 1})
	_, inFlight, _ := o.oldest()
	o.put(Event{ID: 2})
	o.put(Event{ID: 3}) // drops 1
	o.remove(inFlight)
	if e, _, ok := o.oldest(); !ok || e.ID != 2 {
		t.Errorf("next in line is event %d (%v), want 2", e.ID, ok)
	}
}
