package publish

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"edged/internal/background"
	"edged/internal/clock"
)

// journal keeps on disk a copy of what waits in the outbox, for the next process to deliver. It has two files.
//
// Every change goes at once into the notes, a plain file that is never synced: what has been written to it outlives the
// process, however it ends. Half a second later what still waits goes into bbolt's file, one transaction for all of it, on
// disk before it counts, and the notes begin anew: so the power takes the events of less than a second. With a broker there
// an event has been acknowledged by that time, and the kernel drops the notes before it has written them anywhere, which is
// what an SD card likes.
type journal struct {
	db     *bolt.DB
	notes  *notes
	outbox *outbox
	log    *slog.Logger
	note   chan struct{} // one token each: the outbox is not what it was
	save   chan struct{}

	low, high uint64        // the events [low, high) are in db
	writes    atomic.Uint64 // transactions
	noting    trouble
	saving    trouble
}

const (
	outboxFile   = "outbox.db"
	journalDelay = 500 * time.Millisecond
	lockTimeout  = time.Second
)

var bucketName = []byte("events")

// origin is where an event came from that an earlier process has seen.
type origin struct {
	run string
	// at is when that process wrote it, on both clocks; nil after a mere restart, since the monotonic clock has gone on.
	at *clock.Instant
}

// record is an event on disk.
type record struct {
	Run, Boot string // of the process; of the machine
	Wall      time.Time
	Monotonic time.Duration // both of the same instant
	Event     Event
}

// scribe makes records.
type scribe struct {
	run, boot string
	now       func() clock.Instant
}

// OpenOutbox keeps the events that wait for the broker in files of the folder dir from now on, and takes over those that
// an earlier process left there. It is called after Initialize and before the first Event. A damaged file is put aside, with
// the error in the log. After an error events wait in memory, Counters says so, and Run tries again.
func (p *Publisher) OpenOutbox(dir string) error {
	p.outboxPath = filepath.Join(dir, outboxFile)
	p.outbox.restore(batch{first: unsaved}, scribe{}, nil)
	return p.openOutbox()
}

// unsaved is the first number of events that are in no file. What is on its way to the broker when the outbox is opened at last
// then has no other's number.
const unsaved = 1 << 62

func (p *Publisher) openOutbox() error {
	j, err := p.newJournal(p.outboxPath)
	if err != nil {
		err = fmt.Errorf("publish: outbox %s: %w; does another edged use it, and may this user write there?", p.outboxPath, err)
	}
	p.outboxMu.Lock()
	defer p.outboxMu.Unlock()
	p.journal, p.outboxError = j, err
	return err
}

// keepOutbox opens the outbox, where OpenOutbox could not, and keeps it until ctx ends.
func (p *Publisher) keepOutbox(ctx context.Context) {
	for ended := false; p.journal == nil; {
		if ended {
			return
		}
		select {
		case <-time.After(p.outboxRetry):
		case <-ctx.Done():
			ended = true
		}
		if p.openOutbox() == nil {
			p.Log.Info("publish: the outbox could be opened; events outlive a restart from now on")
		}
	}
	p.journal.keep(ctx)
}

// newJournal opens the files and takes over what is in them.
func (p *Publisher) newJournal(path string) (*journal, error) {
	db, saved, err := openJournal(path)
	if damaged := new(damage); errors.As(err, &damaged) {
		p.Log.Error("publish: the outbox is damaged; its events are lost", "file", path, "error", err, "kept_as", path+".damaged")
		if err := os.Rename(path, path+".damaged"); err != nil {
			return nil, err
		}
		db, saved, err = openJournal(path)
	}
	if err != nil {
		return nil, err
	}
	s := scribe{run: p.encoder.run, boot: bootID(), now: p.now}
	n, waiting, err := openNotes(path+".notes", s, saved)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	j := &journal{
		db: db, notes: n, outbox: p.outbox, log: p.Log, low: saved.first, high: saved.next(),
		note: make(chan struct{}, 1), save: make(chan struct{}, 1),
	}
	p.outbox.restore(waiting, s, []chan<- struct{}{j.note, j.save})
	if len(waiting.records) > 0 {
		p.Log.Info("publish: events of an earlier run wait for the broker", "events", len(waiting.records))
		p.restoreLast()
	}
	return j, nil
}

// restoreLast makes the newest of the events that wait the last of its view, where this process has seen none.
func (p *Publisher) restoreLast() {
	events, _, _ := p.outbox.from(0)
	for _, e := range slices.Backward(events) {
		if a := p.states.action(e.Source, e.Label); a != nil && !p.states.hasLast(a.view) {
			p.setLast(&e, a)
		}
	}
	p.notify()
}

// restore puts what an earlier process left, under the numbers that it has on disk, before what has come since. From now on
// changed is told of changes.
func (o *outbox) restore(w batch, s scribe, changed []chan<- struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	newer := o.clear(w.first)
	for _, r := range w.records {
		e := r.Event
		e.origin, e.since = &origin{run: r.Run}, r.Monotonic
		if r.Boot == "" || r.Boot != s.boot {
			e.origin.at = &clock.Instant{Wall: r.Wall, Monotonic: r.Monotonic}
			e.since = o.now()
		}
		o.add(e)
	}
	for _, e := range newer {
		o.add(e)
	}
	o.changed = changed
	o.tell()
}

// clear returns what waits. The next event gets that number.
func (o *outbox) clear(next uint64) (waiting []Event) {
	for ; o.head < o.tail; o.advance() {
		waiting = append(waiting, *o.at(o.head))
	}
	o.head, o.tail = next, next
	return waiting
}

// batch is records with consecutive numbers.
type batch struct {
	first   uint64
	records []record
}

func (s batch) next() uint64 { return s.first + uint64(len(s.records)) }

// damage is the error of a file that is not, or no longer, what bbolt wrote.
type damage struct{ error }

func (d *damage) Unwrap() error { return d.error }

// openJournal opens the file and reads all that is in it.
func openJournal(path string) (db *bolt.DB, saved batch, err error) {
	// bbolt believes what it reads: damaged pages make it panic, a shortened file is a fault of the mapping.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil { // the file stays open, and locked under the name that it will get
			db, saved, err = nil, batch{}, &damage{fmt.Errorf("%v", r)}
		}
	}()
	db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout})
	if err != nil {
		if system := syscall.Errno(0); errors.As(err, &system) || errors.Is(err, bolterrors.ErrTimeout) {
			return nil, saved, err
		}
		return nil, saved, &damage{err}
	}
	err = db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketName)
		if b == nil {
			return nil
		}
		return b.ForEach(saved.read)
	})
	if err != nil {
		return nil, saved, errors.Join(err, db.Close())
	}
	return db, saved, nil
}

// read takes one of bbolt's keys and its value.
func (s *batch) read(key, value []byte) error {
	var r record
	if err := json.Unmarshal(value, &r); err != nil {
		return &damage{fmt.Errorf("event %x: %w", key, err)}
	}
	if len(key) != 8 {
		return &damage{fmt.Errorf("event %x: no number", key)}
	}
	seq := binary.BigEndian.Uint64(key)
	if len(s.records) == 0 {
		s.first = seq
	}
	if seq != s.next() {
		return &damage{fmt.Errorf("event %d after %d", seq, s.next()-1)}
	}
	s.records = append(s.records, r)
	return nil
}

// keep writes after changes until ctx ends, once more then, and closes the files. The notes have a goroutine of their own,
// since a transaction takes as long as the disk does.
func (j *journal) keep(ctx context.Context) {
	stop := background.Start(j.takeNotes)
	for ended := false; !ended; { // what a write misses that is under way at the end, one more takes
		select {
		case <-j.save:
		case <-ctx.Done():
		}
		select {
		case <-time.After(journalDelay):
		case <-ctx.Done():
			ended = true
		}
		j.write()
	}
	stop()
	j.close()
}

func (j *journal) close() {
	if err := errors.Join(j.notes.file.Close(), j.db.Close()); err != nil {
		j.log.Error("publish: outbox", "error", err)
	}
}

func (j *journal) takeNotes(ctx context.Context) {
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-j.note:
		}
		j.noting.is(j.notes.add(j.outbox), j.log)
	}
}

// write makes bbolt's file what the outbox is.
func (j *journal) write() {
	events, head, tail := j.outbox.from(j.high)
	var err error
	if same := j.low == head && j.high == tail || j.low == j.high && head == tail; !same {
		err = j.transact(events, head, tail)
		j.writes.Add(1)
	}
	if err == nil {
		j.low, j.high = head, tail
	}
	if err == nil {
		err = j.notes.restart(j.outbox, j.low, j.high)
	} else {
		err = errors.Join(err, j.notes.shorten(j.outbox, j.low, j.high, 4*j.outbox.limits.bytes))
	}
	j.saving.is(err, j.log)
	if err == nil && j.noting.error() != nil { // there may be nothing to note for days
		err = j.notes.try()
		j.noting.is(err, j.log)
	}
	if err != nil {
		select { // try again
		case j.save <- struct{}{}:
		default:
		}
	}
}

// trouble is the error of the last write; nil: it went well.
type trouble struct{ last atomic.Pointer[error] }

// is tells a failure once, and once that it is over.
func (t *trouble) is(err error, log *slog.Logger) {
	if err == nil {
		if t.last.Swap(nil) != nil {
			log.Info("publish: the outbox is written again")
		}
	} else if t.last.Swap(&err) == nil {
		log.Error("publish: the outbox cannot be written; events wait in memory alone until it can", "error", err)
	}
}

func (t *trouble) error() error {
	if err := t.last.Load(); err != nil {
		return *err
	}
	return nil
}

// transact removes the events from db that are before head, and adds those up to tail.
func (j *journal) transact(events []Event, head, tail uint64) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return j.db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketName)
		if err != nil {
			return err
		}
		for seq := j.low; seq < min(head, j.high); seq++ {
			if err := b.Delete(key(seq)); err != nil {
				return err
			}
		}
		first := tail - uint64(len(events))
		for i, e := range events {
			value, err := json.Marshal(j.notes.scribe.record(e))
			if err != nil {
				return err
			}
			if err := b.Put(key(first+uint64(i)), value); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s scribe) record(e Event) record {
	now := s.now()
	r := record{Run: choose(e.run == "", s.run, e.run), Boot: s.boot, Wall: now.Wall, Monotonic: now.Monotonic, Event: e}
	if e.origin != nil {
		r.Run = e.origin.run
		if at := e.origin.at; at != nil {
			r.Boot, r.Wall, r.Monotonic = "", at.Wall, at.Monotonic
		}
	}
	return r
}

func key(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// bootID names this run of the kernel, "" where it does not say.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}
