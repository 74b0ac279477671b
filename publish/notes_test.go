package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"edged/internal/clock"
	"edged/internal/testkit"
)

// numbers returns the numbers of the events that the outbox in dir holds, as the next process would find it.
func numbers(t *testing.T, dir string) (ids []uint64) {
	t.Helper()
	p, log := testPublisher(t, "tcp://127.0.0.1:1")
	if err := p.OpenOutbox(killed(t, dir)); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains([]byte(log.String()), []byte("damaged")) {
		t.Errorf("log: %s", log)
	}
	p.journal.close()
	return contents(p.outbox)
}

// At every moment the files say what the outbox holds, whichever of its writers was last.
func TestNotesAndTransactionsAgreeWithTheOutbox(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	dir := t.TempDir()
	var id uint64
	for range 8 { // processes, each killed
		p, _ := testPublisher(t, "tcp://127.0.0.1:1", func(p *Publisher) { p.QueueLength = 20 })
		if err := p.OpenOutbox(dir); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			for range random.IntN(6) {
				id++
				p.Event(event(id, Start))
			}
			for range random.IntN(6) {
				_, seq, _ := p.outbox.oldest()
				p.outbox.remove(seq)
			}
			switch random.IntN(4) {
			case 0:
				p.journal.write()
			case 1: // an event comes while the disk is busy
				events, head, tail := p.outbox.from(p.journal.high)
				id++
				p.Event(event(id, Start))
				if err := p.journal.notes.add(p.outbox); err != nil {
					t.Fatal(err)
				}
				if err := p.journal.transact(events, head, tail); err != nil {
					t.Fatal(err)
				}
				p.journal.low, p.journal.high = head, tail
				if err := p.journal.notes.restart(p.outbox, head, tail); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.journal.notes.add(p.outbox); err != nil {
				t.Fatal(err)
			}
			if got, want := numbers(t, dir), contents(p.outbox); !slices.Equal(got, want) {
				t.Fatalf("the files hold %v, the outbox %v", got, want)
			}
		}
		p.journal.close()
	}
}

// A power cut may leave anything at the end of the notes.
func TestWhatIsNoEntryIsCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	defer p.journal.close()
	for n := range uint64(10) {
		p.Event(event(n, Start))
	}
	if err := p.journal.notes.add(p.outbox); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, outboxFile+".notes")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for name, c := range map[string]struct {
		text []byte
		want int
	}{
		"half a line":      {whole[:len(whole)-20], 9},
		"no end of line":   {whole[:len(whole)-1], 9},
		"zeros":            {append(bytes.Join(lines[:4], nil), make([]byte, 4096)...), 4},
		"a line is gone":   {append(bytes.Join(lines[:4], nil), lines[5]...), 4},
		"nothing of sense": {[]byte("\x00\x01{}\n[]\n"), 0},
	} {
		if err := os.WriteFile(path, c.text, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := numbers(t, dir); len(got) != c.want {
			t.Errorf("%s: %v, want %d events", name, got, c.want)
		}
	}
}

// A disk that hangs holds up neither the pipeline nor what is published.
func TestADiskThatHangsHoldsUpNothing(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	p, _ := testPublisher(t, broker.URL())
	if err := p.OpenOutbox(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	run(t, p)
	p.journal.notes.mu.Lock() // as while a write does not return
	defer p.journal.notes.mu.Unlock()
	for n := range uint64(100) {
		p.Event(event(n, Start))
	}
	waitFor(t, "all are delivered", func() bool { return p.Counters().EventsSent == 100 })
}

// What the SD card has to bear: while the broker acknowledges, the notes are gone before the kernel has written them.
func TestNotesAreGoneOnceTheBrokerHasAcknowledged(t *testing.T) {
	t.Parallel()
	broker, dir := testkit.StartMosquitto(t), t.TempDir()
	p, _ := testPublisher(t, broker.URL())
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	run(t, p)
	for n := range uint64(20) {
		p.Event(event(n, Start))
	}
	waitFor(t, "acknowledged", func() bool { return p.Counters().EventsSent == 20 })
	waitFor(t, "the notes are empty", func() bool {
		info, err := os.Stat(filepath.Join(dir, outboxFile+".notes"))
		return err == nil && info.Size() == 0
	})
}

func TestOutboxLimits(t *testing.T) {
	now := time.Hour
	o := newOutbox(limits{events: 100, bytes: 1 << 20, age: time.Minute}, func() time.Duration { return now })
	for id := range uint64(3) {
		o.put(Event{ID: id})
		now += 20 * time.Second
	}
	if now += time.Second; fmt.Sprint(contents(o)) != "[0 1 2]" || o.len() != 2 || o.dropped() != 1 {
		t.Errorf("after 61 s: %v, %d dropped", contents(o), o.dropped())
	}
	now -= 2 * time.Hour // no clock that this is given goes back; were it so, nothing would be lost
	if o.len() != 2 {
		t.Errorf("after the clock went back: %v", contents(o))
	}

	name := string(make([]byte, maxNameBytes))
	o = newOutbox(limits{events: 100, bytes: 2000, age: time.Minute}, func() time.Duration { return now })
	for id := range uint64(10) {
		o.put(Event{ID: id, Source: name, Label: name})
	}
	if fmt.Sprint(contents(o)) != "[7 8 9]" || o.dropped() != 7 || o.bytes > 2000 {
		t.Errorf("of 2000 bytes: %v, %d dropped, %d bytes", contents(o), o.dropped(), o.bytes)
	}
	for o.len() > 0 {
		_, seq, _ := o.oldest()
		o.remove(seq)
	}
	if o.bytes != 0 {
		t.Errorf("an empty outbox has %d bytes", o.bytes)
	}
	o = newOutbox(limits{events: 100, bytes: 1, age: time.Minute}, func() time.Duration { return now })
	o.put(Event{ID: 1})
	if o.len() != 1 {
		t.Error("a single event finds no room")
	}
}

func TestRecordBytesIsWhatARecordTakes(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	dir := t.TempDir()
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	defer p.journal.close()
	p.Event(event(1<<40, Update))
	if err := p.journal.notes.add(p.outbox); err != nil {
		t.Fatal(err)
	}
	if n := p.journal.notes.size; int(n) > p.outbox.bytes || int(n) < p.outbox.bytes/2 {
		t.Errorf("%d bytes; %d were reckoned", n, p.outbox.bytes)
	}
}

// Whatever the files say, what is taken from them can be published and written again.
func FuzzNotes(f *testing.F) {
	text, survived := damagedNotes(f)
	f.Add(text)
	f.Fuzz(survived)
}

func TestNotesWithAWrongBit(t *testing.T) {
	testkit.Slow(t)
	text, survived := damagedNotes(t)
	for bit := range 8 * len(text) {
		text[bit/8] ^= 1 << (bit % 8)
		survived(t, text)
		text[bit/8] ^= 1 << (bit % 8)
	}
}

// damagedNotes returns three notes, and what takes over such a text and does with it what can be done.
func damagedNotes(t testing.TB) (text []byte, survived func(*testing.T, []byte)) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	s := scribe{run: "5f1c09ab", boot: "this", now: clock.Now}
	var lines bytes.Buffer
	n := notes{scribe: s}
	for id := range uint64(3) {
		r := s.record(event(id, Phase(id)))
		n.encode(&lines, entry{Seq: id, Record: &r})
	}
	return lines.Bytes(), func(t *testing.T, text []byte) {
		var waiting batch
		waiting.replay(text)
		p.outbox.restore(waiting, s, nil)
		defer p.outbox.clear(0)
		events, _, _ := p.outbox.from(0)
		for _, e := range events {
			r := s.record(e)
			n.encode(new(bytes.Buffer), entry{Record: &r})
			a := p.states.action(e.Source, e.Label)
			if a == nil {
				continue
			}
			if payload := p.encoder.append(nil, &e, a, p.now()); !json.Valid(payload) {
				t.Errorf("published: %q", payload)
			}
		}
	}
}

// A phase that there is not makes the file damaged, not edged end.
func TestADamagedPhase(t *testing.T) {
	for phase, good := range map[string]bool{"0": true, "2": true, "3": false, "4": false, "255": false, "256": false, "-1": false, "1.5": false} {
		value := []byte(`{"Run":"cafe","Event":{"ID":3,"Source":"front","Label":"wave","Phase":` + phase + `}}`)
		saved := batch{}
		err := saved.read(key(7), value)
		if damaged := new(damage); (err == nil) != good || err != nil && !errors.As(err, &damaged) {
			t.Errorf("phase %s in outbox.db: %v", phase, err)
		}
		path := filepath.Join(t.TempDir(), "notes")
		if err := os.WriteFile(path, []byte(`{"Seq":7,"Record":`+string(value)+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		n, waiting, err := openNotes(path, scribe{}, batch{})
		if err != nil {
			t.Fatal(err)
		}
		n.file.Close()
		if len(waiting.records) == 1 != good {
			t.Errorf("phase %s in the notes: %d events", phase, len(waiting.records))
		}
	}
}

// While bbolt's file cannot be written, what is acknowledged leaves the notes all the same.
func TestNotesStaySmallWhileTheDatabaseFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", func(p *Publisher) { p.QueueBytes = 20_000 })
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	if err := p.journal.db.Close(); err != nil {
		t.Fatal(err)
	}
	defer p.journal.notes.file.Close()
	var largest int64
	for id := range uint64(10_000) {
		p.Event(event(id, Start))
		if err := p.journal.notes.add(p.outbox); err != nil {
			t.Fatal(err)
		}
		if _, seq, _ := p.outbox.oldest(); id%8 > 0 {
			p.outbox.remove(seq)
		}
		if id%10 == 0 {
			p.journal.write()
		}
		largest = max(largest, p.journal.notes.size)
	}
	if p.journal.saving.error() == nil || largest > 5*20_000 {
		t.Errorf("%d bytes of notes; saving: %v", largest, p.journal.saving.error())
	}
	if err := p.journal.notes.add(p.outbox); err != nil {
		t.Fatal(err)
	}
	if got, want := numbers(t, dir), contents(p.outbox); len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the files hold %v, the outbox %v", got, want)
	}
}

// What could not be noted is no trouble any more when the notes can be written again, though nothing else happens.
func TestNotesThatCanBeWrittenAgain(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	dir := t.TempDir()
	p, log := testPublisher(t, "tcp://127.0.0.1:1")
	if err := p.OpenOutbox(dir); err != nil {
		t.Fatal(err)
	}
	good := p.journal.notes.file
	bad, err := os.Open(good.Name()) // for reading alone
	if err != nil {
		t.Fatal(err)
	}
	p.journal.notes.file = bad
	stop := run(t, p)
	p.Event(event(1, Start))
	waitFor(t, "it is said", func() bool { return p.Counters().OutboxError != nil })
	_, seq, _ := p.outbox.oldest()
	p.outbox.remove(seq) // the broker has it
	time.Sleep(3 * journalDelay)
	if p.Counters().OutboxError == nil {
		t.Errorf("it is over too early: %s", log)
	}
	p.journal.notes.mu.Lock()
	p.journal.notes.file = good
	p.journal.notes.mu.Unlock()
	bad.Close()
	waitFor(t, "it is over", func() bool { return p.Counters().OutboxError == nil })
	stop()
	if n := strings.Count(log.String(), "the outbox "); n != 2 {
		t.Errorf("%d lines, want one when it began and one when it ended: %s", n, log)
	}
}
