package publish

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"edged/internal/clock"
)

// journal keeps on disk a copy of what waits in the outbox, for the next process to deliver.
//
// It writes a moment after a change, and then only what still differs: with a broker there an event has been acknowledged
// by that time, and nothing is ever written, which is what an SD card likes. Whatever stops the process or the power loses
// the events of less than a second; each write is one transaction, on disk before it counts.
type journal struct {
	db      *bolt.DB
	outbox  *memoryOutbox
	run     string
	boot    string
	log     *slog.Logger
	changed chan struct{} // one token: the outbox is not what it was

	low, high uint64 // the events [low, high) are on disk
	stale     bool   // the file holds an earlier process's events under its numbers
	broken    bool   // the last write failed
	writes    atomic.Uint64
	failures  atomic.Uint64
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

// OpenOutbox keeps the events that wait for the broker in a file of the folder dir from now on, and takes over those that
// an earlier process left there. It is called after Initialize and before the first Event. A damaged file is put aside, with
// the error in the log. Without it, or after an error, events wait in memory.
func (p *Publisher) OpenOutbox(dir string) error {
	path := filepath.Join(dir, outboxFile)
	memory := newMemoryOutbox(p.QueueLength)
	j := &journal{outbox: memory, run: p.encoder.run, boot: bootID(), log: p.Log, changed: make(chan struct{}, 1)}
	db, records, err := openJournal(path)
	if damaged := new(damage); errors.As(err, &damaged) {
		p.Log.Error("publish: the outbox is damaged; its events are lost", "file", path, "error", err, "kept_as", path+".damaged")
		if err := os.Rename(path, path+".damaged"); err != nil {
			return fmt.Errorf("publish: outbox: %w", err)
		}
		db, records, err = openJournal(path)
	}
	if err != nil {
		return fmt.Errorf("publish: outbox %s: %w; does another edged use it, and may this user write there?", path, err)
	}
	j.db = db
	known := 0
	for _, r := range records {
		if e := r.restored(j.boot); p.board.has(e.Source, e.Label) {
			memory.put(e)
			known++
		}
	}
	if len(records) > 0 {
		p.Log.Info("publish: events of an earlier run wait for the broker", "events", known, "of_views_gone", len(records)-known)
		j.stale = true
	}
	memory.changed = j.changed
	p.outbox, p.journal = memory, j
	return nil
}

// restored is the event for a machine of this boot.
func (r *record) restored(boot string) Event {
	e := r.Event
	e.origin = &origin{run: r.Run}
	if r.Boot == "" || r.Boot != boot {
		e.origin.at = &clock.Instant{Wall: r.Wall, Monotonic: r.Monotonic}
	}
	return e
}

// damage is the error of a file that is not, or no longer, what bbolt wrote.
type damage struct{ error }

func (d *damage) Unwrap() error { return d.error }

// openJournal opens the file and reads all that is in it.
func openJournal(path string) (db *bolt.DB, records []record, err error) {
	// bbolt believes what it reads: damaged pages make it panic, a shortened file is a fault of the mapping.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil { // the file stays open, and locked under the name that it will get
			db, records, err = nil, nil, &damage{fmt.Errorf("%v", r)}
		}
	}()
	db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout})
	if err != nil {
		if os.IsPermission(err) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, bolterrors.ErrTimeout) {
			return nil, nil, err
		}
		if info, statErr := os.Stat(path); statErr == nil && info.Mode().IsRegular() && info.Size() > 0 {
			return nil, nil, &damage{err}
		}
		return nil, nil, err
	}
	err = db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketName)
		if b == nil {
			return nil
		}
		return b.ForEach(func(key, value []byte) error {
			var r record
			if err := json.Unmarshal(value, &r); err != nil {
				return &damage{fmt.Errorf("event %x: %w", key, err)}
			}
			records = append(records, r)
			return nil
		})
	})
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, records, nil
}

// keep writes after changes until ctx ends, once more then, and closes the file.
func (j *journal) keep(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-j.changed:
		case <-ctx.Done():
		}
		select {
		case <-time.After(journalDelay):
		case <-ctx.Done():
		}
		j.write()
	}
	if err := j.db.Close(); err != nil {
		j.log.Error("publish: outbox", "error", err)
	}
}

// write makes the file what the outbox is. It tells a failure once.
func (j *journal) write() {
	events, head, tail := j.outbox.from(j.high)
	if same := j.low == head && j.high == tail || j.low == j.high && head == tail; same && !j.stale {
		return
	}
	err := j.transact(events, head, tail)
	if err != nil {
		j.failures.Add(1)
		if !j.broken {
			j.log.Error("publish: the outbox cannot be written; events wait in memory alone until it can", "error", err)
		}
		j.broken = true
		select { // try again
		case j.changed <- struct{}{}:
		default:
		}
		return
	}
	if j.broken {
		j.log.Info("publish: the outbox is written again")
	}
	j.stale, j.broken, j.low, j.high = false, false, head, tail
	j.writes.Add(1)
}

// transact replaces the events on disk that are before head, and adds those up to tail.
func (j *journal) transact(events []Event, head, tail uint64) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return j.db.Update(func(tx *bolt.Tx) error {
		b, err := j.bucket(tx)
		if err != nil {
			return err
		}
		for seq := j.low; seq < min(head, j.high); seq++ {
			if err := b.Delete(key(seq)); err != nil {
				return err
			}
		}
		now := clock.Now()
		first := tail - uint64(len(events))
		for i, e := range events {
			value, err := json.Marshal(j.record(e, now))
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

// bucket returns the events on disk. The first write after an earlier process starts anew: each counts from 0.
func (j *journal) bucket(tx *bolt.Tx) (*bolt.Bucket, error) {
	if j.stale && tx.Bucket(bucketName) != nil {
		if err := tx.DeleteBucket(bucketName); err != nil {
			return nil, err
		}
	}
	return tx.CreateBucketIfNotExists(bucketName)
}

func (j *journal) record(e Event, now clock.Instant) record {
	r := record{Run: j.run, Boot: j.boot, Wall: now.Wall, Monotonic: now.Monotonic, Event: e}
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
