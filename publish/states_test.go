package publish

import (
	"slices"
	"strings"
	"testing"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
)

// announcedStates returns the states of one camera and view, "c", on a connection that has sent all of them.
func announcedStates() (*states, *ViewTopics) {
	s := newStates(newTopics("n"), []Camera{{Name: "c", Labels: []string{"still", "wave"}, Background: "still"}}, func() {})
	s.connect()
	for len(s.urgent) > 0 {
		s.takeNext(&s.urgent, nil)
	}
	return s, s.views["c"]
}

func TestOnlyTheNewestStateWaits(t *testing.T) {
	s, view := announcedStates()
	wave := view.actions["wave"]
	wave.SetState(false)
	if len(s.urgent) > 0 {
		t.Error("an unchanged state is sent again")
	}
	wave.SetState(true)
	s.cameras["c"].SetOnline(true)
	wave.SetState(false)
	wave.SetState(true)

	for _, want := range []string{"edged/n/c/wave/state ON", "edged/n/c/status online"} {
		if r, value := s.takeNext(&s.urgent, nil); r.topic+" "+string(value) != want {
			t.Errorf("sent %s %s, want %s", r.topic, value, want)
		}
	}
	if r, _ := s.takeNext(&s.urgent, nil); r != nil {
		t.Errorf("%s is sent twice", r.topic)
	}
}

// In whatever order they are queued, Home Assistant must not receive the removal last.
func TestTheRemovalIsSentBeforeTheDiscovery(t *testing.T) {
	s, _ := announcedStates()
	s.replace(s.discovery, []byte("discovery"))
	s.connect()
	s.replace(s.removal, []byte("removal"))
	s.resendDiscovery()
	for _, want := range []string{"removal", "discovery"} {
		if _, value := s.takeNext(&s.bulky, nil); string(value) != want {
			t.Errorf("sent %q, want %q", value, want)
		}
	}
}

// A board without a clock battery learns the time after something has happened. What it says then leaves with the right time.
func TestTheLastActionLeavesWithTheTimeOfNow(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	p.now = func() clock.Instant { return clock.Instant{Wall: time.Unix(0, 0), Monotonic: clock.Monotonic()} }
	emit(p, 1, sink.Start)
	p.now = clock.Now
	p.states.connect()
	for {
		r, value := p.states.takeNext(&p.states.urgent, nil)
		if r == nil {
			t.Fatal("the last action is not sent")
		}
		if r == viewOf(p, "front").last {
			if year := time.Now().UTC().Format(`"start":"2006-`); !strings.Contains(string(value), year) {
				t.Errorf("it says %s, want %s", value, year)
			}
			return
		}
	}
}

func TestScoresAreSpacedByTheWindowsOwnTimes(t *testing.T) {
	s, view := announcedStates()
	var taken []time.Duration
	for _, at := range []time.Duration{0, 400, 999, 1000, 1500, 2100, 2999, 50, 1049, 1050} { // 50: the source began anew
		at *= time.Millisecond
		s.setScores(view, window{time: at, scores: []float32{0, 1}}, time.Second)
		if _, w, ok := s.takeScores(nil); ok {
			taken = append(taken, w.time/time.Millisecond)
		}
	}
	if want := []time.Duration{0, 1000, 2100, 50, 1050}; !slices.Equal(taken, want) {
		t.Errorf("windows at %v ms were taken, want %v", taken, want)
	}
}

func TestANewerWindowReplacesOneThatWaits(t *testing.T) {
	s, view := announcedStates()
	scores := []float32{0.25, 0.75}
	s.setScores(view, window{n: 1, scores: scores}, 0)
	scores[0] = 0.5
	s.setScores(view, window{n: 2, scores: scores}, 0)
	scores[0] = 99 // setScores must have copied them

	_, w, ok := s.takeScores(nil)
	if !ok || w.n != 2 || w.scores[0] != 0.5 {
		t.Errorf("window %d with scores %v is sent, want window 2 with 0.5", w.n, w.scores)
	}
	if _, _, ok := s.takeScores(nil); ok || s.skipped() != 1 {
		t.Errorf("another window waits: %v; %d skipped, want 1", ok, s.skipped())
	}
}

func TestOldScoresDoNotOutliveTheConnection(t *testing.T) {
	s, view := announcedStates()
	s.setScores(view, window{n: 1, scores: []float32{0, 1}}, 0)
	s.disconnect()
	s.setScores(view, window{n: 2, scores: []float32{0, 1}}, 0)
	s.connect()
	if _, w, ok := s.takeScores(nil); ok || s.skipped() != 2 {
		t.Errorf("window %d is sent on a new connection, %d skipped; want none and 2", w.n, s.skipped())
	}
}
