package publish

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
)

// roomy are limits that no test reaches by accident.
var roomy = Limits{Events: 1000, Bytes: 1 << 20, Age: time.Hour}

func numbered(id uint64) sink.Event { return sink.Event{ID: sink.ID{N: id}} }

// contents returns the numbers of the events that wait.
func contents(o *Outbox) (ids []uint64) {
	o.newestFirst(func(q queued) { ids = append([]uint64{q.ID.N}, ids...) })
	return ids
}

// TestOutboxAgainstAPlainModel does random operations on an outbox and on a slice, and compares them after each.
func TestOutboxAgainstAPlainModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		length := 5
		o := NewOutbox(Limits{length, 1 << 20, time.Hour}, nil)
		var model []uint64 // numbers of those that wait
		var dropped, next uint64
		for range 100 {
			switch _, at, ok := o.oldest(); random.IntN(5) {
			case 0, 1:
				o.put(numbered(next))
				model = append(model, next)
				next++
			case 2:
				if ok {
					o.remove(at)
					model = model[1:]
				}
			case 3: // the acknowledgement of an event that was dropped or removed before
				o.remove(at - 1)
			case 4:
				length = 1 + random.IntN(8)
				o.SetLimits(Limits{length, 1 << 20, time.Hour})
			}
			if n := len(model) - length; n > 0 {
				model, dropped = model[n:], dropped+uint64(n)
			}
			if got := contents(o); !slices.Equal(got, model) || o.Dropped() != dropped || o.Waiting() != len(model) {
				t.Fatalf("holds %v (%d) after dropping %d; want %v after dropping %d", got, o.Waiting(), o.Dropped(), model, dropped)
			}
		}
	}
}

func TestAcknowledgingADroppedEventRemovesNoOther(t *testing.T) {
	o := NewOutbox(Limits{2, 1 << 20, time.Hour}, nil)
	o.put(numbered(1))
	_, inFlight, _ := o.oldest()
	o.put(numbered(2))
	o.put(numbered(3)) // drops 1
	o.remove(inFlight)
	if q, _, ok := o.oldest(); !ok || q.ID.N != 2 {
		t.Errorf("next in line is event %d (%v), want 2", q.ID.N, ok)
	}
}

func TestOutboxLimits(t *testing.T) {
	now := time.Hour
	with := func(l Limits) *Outbox {
		o := NewOutbox(l, nil)
		o.now = func() clock.Instant { return clock.Instant{Monotonic: now} }
		return o
	}
	o := with(Limits{Events: 100, Bytes: 1 << 20, Age: time.Minute})
	for id := range uint64(3) {
		o.put(numbered(id))
		now += 20 * time.Second
	}
	if now += time.Second; fmt.Sprint(contents(o)) != "[0 1 2]" || o.Waiting() != 2 || o.Dropped() != 1 {
		t.Errorf("after 61 s: %v, %d dropped", contents(o), o.Dropped())
	}

	name := string(make([]byte, maxNameBytes))
	o = with(Limits{Events: 100, Bytes: 2000, Age: time.Minute})
	for id := range uint64(10) {
		o.put(sink.Event{ID: sink.ID{N: id}, View: name, Label: name})
	}
	if fmt.Sprint(contents(o)) != "[7 8 9]" || o.Dropped() != 7 || o.bytes > 2000 {
		t.Errorf("of 2000 bytes: %v, %d dropped, %d bytes", contents(o), o.Dropped(), o.bytes)
	}
	for o.Waiting() > 0 {
		_, at, _ := o.oldest()
		o.remove(at)
	}
	if o.bytes != 0 {
		t.Errorf("an empty outbox has %d bytes", o.bytes)
	}
	o = with(Limits{Events: 100, Bytes: 1, Age: time.Minute})
	o.put(numbered(1))
	if o.Waiting() != 1 {
		t.Error("a single event finds no room")
	}
}

// In a process without a state folder, too, waiting events outlive the publisher: a reload loses none of them.
func TestEventsOutliveAReload(t *testing.T) {
	t.Parallel()
	outbox := NewOutbox(roomy, slog.New(slog.DiscardHandler))
	first, _ := testPublisher(t, "tcp://127.0.0.1:1", func(p *Publisher) { p.Outbox = outbox })
	stop := run(t, first)
	emit(first, 1, sink.Start)
	emit(first, 2, sink.Start)
	stop()
	emit(first, 3, sink.Start) // between two publishers

	broker, sub := startWithSubscriber(t)
	second, _ := testPublisher(t, broker.URL(), func(p *Publisher) { p.Outbox = outbox })
	run(t, second)
	emit(second, 4, sink.Start)
	for _, want := range []string{runOf(first) + "-1", runOf(first) + "-2", runOf(first) + "-3", runOf(second) + "-4"} {
		sub.nextEvent(want)
	}
	waitFor(t, "all are acknowledged", func() bool { return outbox.Waiting() == 0 })
}
