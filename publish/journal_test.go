package publish

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edged/internal/clock"
	"edged/internal/testkit"
)

// leftBehind returns a folder with the file of a process that was killed with n events waiting, numbered from 0, and the
// start of their ids.
func leftBehind(t *testing.T, n int) (dir, id string) {
	t.Helper()
	live := t.TempDir()
	p, _ := testPublisher(t, testkit.NewMosquitto(t).URL()) // where nobody listens
	if err := p.OpenOutbox(live); err != nil {
		t.Fatal(err)
	}
	stop := run(t, p)
	for i := range n {
		p.Event(event(uint64(i), Start))
	}
	waitFor(t, "the events are on disk", func() bool {
		db := p.journal.writes.Load()
		return db > 0 && p.outbox.len() == n
	})
	time.Sleep(2 * journalDelay) // the write that follows the last event
	dir = killed(t, live)
	stop()
	return dir, p.encoder.run
}

// killed copies an outbox as SIGKILL would leave it.
func killed(t *testing.T, live string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func put(t *testing.T, dir string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, outboxFile), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEventsOutliveTheProcess(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	const events = 20
	dir, id := leftBehind(t, events)
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())

	second, _ := testPublisher(t, broker.URL())
	if err := second.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	second.Event(event(77, Start))
	stop := run(t, second)
	for i := range events {
		want := fmt.Sprintf(`"id":"%s-%d"`, id, i)
		if m := sub.next("edged/board/front/event"); !strings.Contains(m.payload, want) {
			t.Fatalf("event %d: %s, want %s", i, m.payload, want)
		}
	}
	if m := sub.next("edged/board/front/event"); !strings.Contains(m.payload, second.encoder.run+"-77") {
		t.Errorf("then its own: %s", m.payload)
	}
	waitFor(t, "all acknowledged", func() bool { return second.outbox.len() == 0 })
	stop()

	third, _ := testPublisher(t, broker.URL())
	if err := third.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	defer run(t, third)()
	if n := third.outbox.len(); n != 0 {
		t.Errorf("%d events wait again after they were acknowledged", n)
	}
}

// What waits of a camera that the configuration has no more, or by another name, is dropped: counted, and told once.
func TestEventsOfWhatIsGone(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	dir, _ := leftBehind(t, 20)
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	p, log := testPublisher(t, broker.URL(), func(p *Publisher) { p.Cameras[0].Name = "porch" })
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	e := event(1, Start)
	e.Source = "porch"
	p.Event(e)
	run(t, p)
	sub.next("edged/board/porch/event")
	waitFor(t, "acknowledged", func() bool { return p.Counters().EventsSent == 1 })
	if c := p.Counters(); c.EventsDropped != 20 || c.EventsWaiting != 0 || strings.Count(log.String(), "are dropped") != 1 || !log.Has("events=20")() {
		t.Errorf("%+v: %s", c, log)
	}
}

func TestNothingIsWrittenWhileTheBrokerAcknowledges(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	p, _ := testPublisher(t, broker.URL())
	if err := p.OpenOutbox(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	run(t, p)
	waitFor(t, "connected", func() bool { return p.Counters().Connected })
	for i := range 5 {
		p.Event(event(uint64(i), Start))
		waitFor(t, "acknowledged", func() bool { return p.outbox.len() == 0 })
	}
	time.Sleep(2 * journalDelay)
	if n := p.journal.writes.Load(); n > 2 { // two where a busy machine held up an acknowledgement: in, and out again
		t.Errorf("%d writes to the disk for events that did not wait", n)
	}
}

// What comes while a slow disk takes what was before it is written, too, also when that is the end.
func TestTheLastChangeIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	slow, err := p.journal.db.Begin(true) // no other transaction goes on before its end
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.journal.keep(ctx) }()
	p.Event(event(1, Start))
	time.Sleep(2 * journalDelay) // until its write waits; where that comes later, this shows less
	p.Event(event(2, Start))
	cancel()
	if err := slow.Rollback(); err != nil {
		t.Fatal(err)
	}
	<-ended
	db, saved, err := openJournal(filepath.Join(dir, outboxFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := len(saved.records); n != 2 {
		t.Errorf("%d of 2 events in the file after a clean stop", n)
	}
}

// A note that is due at the end is taken, whatever else would do.
func TestTheLastNoteIsTaken(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // a choice at random would be right half of the time
		p, _ := testPublisher(t, "tcp://127.0.0.1:1")
		if err := p.OpenOutbox(t.TempDir()); err != nil {
			t.Fatal(err)
		}
		p.Event(event(1, Start))
		p.journal.takeNotes(ended)
		if p.journal.notes.size == 0 {
			t.Error("nothing was noted")
		}
		p.journal.close()
	}
}

func TestTimesOfAnEventFromBeforeTheMachineStarted(t *testing.T) {
	wall := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	r := record{Run: "cafe", Boot: "another", Wall: wall, Monotonic: time.Hour,
		Event: Event{ID: 3, Source: "front", Label: "wave", Phase: End,
			Start: time.Hour - 3*time.Second, End: time.Hour - 2*time.Second, Newest: time.Hour - time.Second}}
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	p.outbox.restore(batch{records: []record{r}}, scribe{boot: "this"}, nil)
	e, _, _ := p.outbox.oldest()
	now := clock.Instant{Wall: wall.Add(10 * time.Second), Monotonic: 5 * time.Second}
	payload := func() string { return string(p.encoder.append(nil, &e, p.states.action("front", "wave"), now)) }
	got := payload()
	for _, want := range []string{`"id":"cafe-3"`, `"start":"2026-05-01T11:59:57.000Z"`, `"end":"2026-05-01T11:59:58.000Z"`, `"latency_ms":11000.0`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	now.Wall = wall.Add(-time.Hour) // no battery: how long it was off, the machine does not know
	if got := payload(); !strings.Contains(got, `"latency_ms":6000.0`) {
		t.Errorf("%s lacks the 5 s since the start and the second before the end", got)
	}
}

// An outbox that is opened late finds newer actions told.
func TestTheNewestOfAnEarlierRunIsOlderThanAnyOfThis(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	dir, _ := leftBehind(t, 3)
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	p.Event(event(7, Start))
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	defer p.journal.close()
	if last := string(p.states.views["front"].last.value); !strings.Contains(last, p.encoder.run+`-7"`) {
		t.Errorf("the last action is %s", last)
	}
}

// What has waited over a restart is as old as it is, and the newest of each view is its last action.
func TestTheNewestOfAnEarlierRunIsTheLast(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	dir, id := leftBehind(t, 3)
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	p, _ := testPublisher(t, broker.URL())
	p.now = func() clock.Instant {
		now := clock.Now()
		now.Monotonic += time.Hour
		return now
	}
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	run(t, p)
	for _, want := range [][2]string{{"front/last", id + `-2"`}, {"front/event", id + `-0"`}, {"front/event", `"latency_ms":360`}} {
		if m := sub.next("edged/board/" + want[0]); !strings.Contains(m.payload, want[1]) {
			t.Errorf("%s: %s lacks %s", want[0], m.payload, want[1])
		}
	}
}

// A file that something has damaged costs its events at most: never the process, nor the ability to keep new ones.
func TestDamagedOutboxIsPutAside(t *testing.T) {
	testkit.Slow(t)
	whole, _ := leftBehind(t, 50)
	good, err := os.ReadFile(filepath.Join(whole, outboxFile))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	aside := 0
	for i := range 150 {
		bad := append([]byte(nil), good...)
		switch i % 3 {
		case 0: // a piece of another file
			at := random.IntN(len(bad) - 512)
			for k := range 512 {
				bad[at+k] = byte(random.Uint32())
			}
		case 1:
			bad = bad[:random.IntN(len(bad))]
		case 2:
			for range 20 {
				bad[random.IntN(4*4096)] ^= byte(1 + random.IntN(255))
			}
		}
		dir := t.TempDir()
		put(t, dir, bad)
		p, _ := testPublisher(t, "tcp://127.0.0.1:1")
		if err := p.OpenOutbox(dir); err != nil {
			t.Fatalf("damage %d: %v", i, err)
		}
		if _, err := os.Stat(filepath.Join(dir, outboxFile+".damaged")); err == nil {
			aside++
		}
		p.Event(event(1, Start))
		p.journal.write()
		if err := p.Counters().OutboxError; err != nil {
			t.Logf("damage %d: the first write failed: %v", i, err)
		}
		_ = p.journal.db.Close()
	}
	if aside < 30 {
		t.Errorf("%d of 150 damaged files were noticed", aside)
	}
	t.Logf("%d of 150 put aside", aside)
}

func TestOutboxInUseIsAnError(t *testing.T) {
	dir := t.TempDir()
	a, _ := testPublisher(t, "tcp://127.0.0.1:1")
	if err := a.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	defer a.journal.db.Close()
	b, _ := testPublisher(t, "tcp://127.0.0.1:1")
	if err := b.OpenOutbox(dir); err == nil || !strings.Contains(err.Error(), "does another edged use it") {
		t.Errorf("opened twice: %v", err)
	}
	if err := b.OpenOutbox(filepath.Join(dir, "absent")); err == nil {
		t.Error("a folder that is not there was opened")
	}
	b.Event(event(1, Start)) // still of use
	if b.outbox.len() != 1 {
		t.Error("the event is gone")
	}
}

// An outbox that cannot be opened at the start is opened later: what an earlier process left comes first, then what has come since.
func TestAnOutboxThatOpensLater(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	left, id := leftBehind(t, 3)
	dir := filepath.Join(t.TempDir(), "state")
	p, _ := testPublisher(t, testkit.NewMosquitto(t).URL(), func(p *Publisher) { p.outboxRetry = 10 * time.Millisecond })
	if err := p.OpenOutbox(dir); err == nil {
		t.Fatal("a folder that is not there was opened")
	}
	p.Event(event(0, Start))
	_, sending, _ := p.outbox.oldest()
	stop := run(t, p)
	time.Sleep(50 * time.Millisecond) // a few tries
	if p.Counters().OutboxError == nil {
		t.Error("nothing is said of it")
	}
	if err := os.Rename(left, dir); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "it is open", func() bool { return p.Counters().OutboxError == nil })
	p.outbox.remove(sending) // the broker has it, but which was it?
	p.Event(event(1, Start))
	stop()

	next, _ := testPublisher(t, "tcp://127.0.0.1:1")
	if err := next.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	defer next.journal.close()
	events, _, _ := next.outbox.from(0)
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprintf("%s-%d", e.origin.run, e.ID))
	}
	run := p.encoder.run
	if want := fmt.Sprintf("[%s-0 %s-1 %s-2 %s-0 %s-1]", id, id, id, run, run); fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
