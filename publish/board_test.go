package publish

import (
	"testing"
	"time"
)

func newTestBoard() *board {
	b := newBoard(newTopics("n"), []Camera{{Name: "c", Labels: []string{"still", "wave"}, Background: "still"}})
	b.connect()
	for len(b.changed) > 0 { // announced
		b.next(&b.changed, nil)
	}
	return b
}

func TestOnlyTheNewestStateWaits(t *testing.T) {
	b := newTestBoard()
	if r := b.setState("c", "wave", false); r != nothing {
		t.Error("an unchanged state is to be sent")
	}
	if r := b.setState("c", "wave", true); r != toSend {
		t.Error("a changed state is not to be sent")
	}
	b.setStatus("c", true)
	b.setState("c", "wave", false)
	b.setState("c", "wave", true)

	for _, want := range []string{"edged/n/c/wave/state ON", "edged/n/c/status online"} {
		if r, value := b.next(&b.changed, nil); r.topic+" "+string(value) != want {
			t.Errorf("sent %s %s, want %s", r.topic, value, want)
		}
	}
	if r, _ := b.next(&b.changed, nil); r != nil {
		t.Errorf("%s is sent twice", r.topic)
	}
}

// Whatever order they come in: Home Assistant must not be left with the removal as the last word.
func TestTheRemovalComesBeforeWhatHolds(t *testing.T) {
	b := newTestBoard()
	b.replace(b.discovery, []byte("holds"))
	b.connect()
	b.replace(b.removal, []byte("removal"))
	b.resend(b.discovery)
	for _, want := range []string{"removal", "holds"} {
		if _, value := b.next(&b.late, nil); string(value) != want {
			t.Errorf("sent %q, want %q", value, want)
		}
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	b := newTestBoard()
	for name, r := range map[string]result{
		"camera's status":          b.setStatus("x", true),
		"camera's state":           b.setState("x", "wave", true),
		"label":                    b.setState("c", "jump", true),
		"background label":         b.setState("c", "still", true),
		"camera's scores":          b.setScores("x", window{scores: []float32{0, 1}}, 0),
		"scores of another length": b.setScores("c", window{scores: []float32{0, 1, 2}}, 0),
	} {
		if r != unknownName {
			t.Errorf("%s: result %d", name, r)
		}
	}
}

func TestScoresAreSpacedByTheWindowsOwnTimes(t *testing.T) {
	b := newTestBoard()
	var taken []time.Duration
	for _, at := range []time.Duration{0, 400, 999, 1000, 1500, 2100, 2999, 50, 1049, 1050} { // 50: the source began anew
		at *= time.Millisecond
		b.setScores("c", window{time: at, scores: []float32{0, 1}}, time.Second)
		if _, w, ok := b.nextScores(nil); ok {
			taken = append(taken, w.time/time.Millisecond)
		}
	}
	want := []time.Duration{0, 1000, 2100, 50, 1050}
	if len(taken) != len(want) {
		t.Fatalf("windows at %v ms were taken, want %v", taken, want)
	}
	for i := range want {
		if taken[i] != want[i] {
			t.Errorf("windows at %v ms were taken, want %v", taken, want)
		}
	}
}

func TestANewerWindowReplacesOneThatWaits(t *testing.T) {
	b := newTestBoard()
	scores := []float32{0.25, 0.75}
	b.setScores("c", window{n: 1, scores: scores}, 0)
	scores[0] = 0.5
	b.setScores("c", window{n: 2, scores: scores}, 0)
	scores[0] = 99 // the board has its own copy

	_, w, ok := b.nextScores(nil)
	if !ok || w.n != 2 || w.scores[0] != 0.5 {
		t.Errorf("window %d with scores %v is sent, want window 2 with 0.5", w.n, w.scores)
	}
	if _, _, ok := b.nextScores(nil); ok || b.skipped() != 1 {
		t.Errorf("another window waits: %v; %d skipped, want 1", ok, b.skipped())
	}
}

func TestOldScoresDoNotOutliveTheConnection(t *testing.T) {
	b := newTestBoard()
	b.setScores("c", window{n: 1, scores: []float32{0, 1}}, 0)
	b.disconnect()
	b.setScores("c", window{n: 2, scores: []float32{0, 1}}, 0)
	b.connect()
	if _, w, ok := b.nextScores(nil); ok || b.skipped() != 2 {
		t.Errorf("window %d is sent on a new connection, %d skipped; want none and 2", w.n, b.skipped())
	}
}
