package publish

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"edged/internal/background"
)

// disk is the part of an Outbox that deals with files.
//
// Every change is written at once, so that it survives the end of the process, however that comes. Every half second, if events
// wait, one sync makes them survive a power cut. Events that the broker acknowledges sooner never reach the disk itself, which
// spares SD cards.
type disk struct {
	mu       sync.Mutex // held while files change, but not while they are synced
	wanted   string     // the state folder; "" = memory alone
	file     *eventLog  // nil = not open
	former   []string   // files of an older version, to remove once their events are in file
	reopenAt time.Time  // not earlier, after a failure
	resyncAt time.Time  // not earlier, after a failure

	opening, writing, syncing fault
	syncs                     atomic.Uint64 // how many there were
}

const (
	outboxFolder = "outbox" // in the state folder
	syncEvery    = 500 * time.Millisecond
	resyncAfter  = 10 * time.Second
)

// Open lets the events survive the process. It reads the events that an earlier process left in the state folder; from then on Run keeps the
// waiting events there. Damaged files are put aside, and reported in the log. After an error the events wait in memory alone, Err
// returns the error, and Run tries again. Open may be called again, with the same folder or another one; "" = memory alone.
func (o *Outbox) Open(stateDir string) error {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	o.disk.wanted = stateDir
	err := o.open()
	o.disk.opening.record(err)
	return err
}

// Err returns why events wait in memory alone although Open was called. nil = they are on disk, or Open was not called.
func (o *Outbox) Err() error {
	return errors.Join(o.disk.opening.last(), o.disk.writing.last(), o.disk.syncing.last())
}

// Run keeps the files up to date until ctx ends. Then it writes and syncs once more and closes them.
func (o *Outbox) Run(ctx context.Context) {
	stopSync := background.Start(o.keepSynced)
	retry := time.NewTicker(syncEvery)
	defer retry.Stop()
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-o.changed:
		case <-retry.C:
			if o.Err() == nil {
				continue
			}
		}
		o.update()
	}
	stopSync() // syncs once more
	o.end()
}

// keepSynced has a goroutine of its own, because a sync takes as long as the disk does.
func (o *Outbox) keepSynced(ctx context.Context) {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true
		case <-tick.C:
		}
		o.report(&o.disk.syncing, o.sync())
	}
}

// end closes the files, and logs what becomes of the events that still wait.
func (o *Outbox) end() {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	waiting, file := o.Waiting(), o.disk.file
	switch {
	case waiting == 0:
	case file == nil || o.Err() != nil:
		o.log.Warn("publish: events are lost: the broker never acknowledged them, and they are not on disk", "events", waiting)
	default:
		o.log.Info("publish: events wait on disk for the next start", "events", waiting)
	}
	if file != nil {
		o.disk.file = nil
		if err := file.close(); err != nil {
			o.log.Error("publish: outbox: close", "error", err)
		}
	}
}

// update writes what has changed. If the folder could not be opened, it tries that again first.
func (o *Outbox) update() {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if o.disk.opening.last() != nil && !time.Now().Before(o.disk.reopenAt) {
		err := o.open()
		if o.disk.opening.record(err); err == nil {
			o.log.Info("publish: the outbox is open; from now on events survive a restart")
		}
	}
	err := o.write()
	o.report(&o.disk.writing, err)
	if file := o.disk.file; err == nil && file != nil && len(o.disk.former)+len(file.damaged) > 0 && file.syncNow() == nil {
		o.tidy() // what could not be written when the folder was opened
	}
}

// report records the result of a write or a sync, and logs the first failure and the first success after it.
func (o *Outbox) report(f *fault, err error) {
	switch changed := f.record(err); {
	case !changed:
	case err == nil:
		o.log.Info("publish: the outbox can be written again")
	default:
		o.log.Error("publish: cannot write the outbox; until edged can, events wait only in memory", "error", err)
	}
}

// open opens the chosen folder, unless it is open already. The caller holds disk.mu.
func (o *Outbox) open() error {
	o.disk.reopenAt = time.Now().Add(o.reopenAfter)
	dir := filepath.Join(o.disk.wanted, outboxFolder)
	switch old := o.disk.file; {
	case old != nil && old.path == dir:
		return nil
	case o.disk.wanted == "":
		return o.leave(old)
	default:
		if err := o.openFolder(dir, old); err != nil {
			return fmt.Errorf("publish: outbox %s: %w; does another edged use it, and may this user write there?", dir, err)
		}
		return nil
	}
}

// openFolder adds the events in the folder to those that wait. If another folder was open, its events move along.
func (o *Outbox) openFolder(dir string, old *eventLog) error {
	file, saved, err := openEventLog(dir, o.log)
	if err != nil {
		return err
	}
	former, files := readFormerOutbox(o.disk.wanted, o.log)
	o.disk.former = files
	o.disk.file = file
	o.restore(append(saved, former...))
	if err := errors.Join(o.write(), file.syncNow()); err != nil {
		o.disk.writing.record(err)
		o.log.Error("publish: edged can read the outbox but not write it; until it can, events wait only in memory", "error", err)
		if old != nil {
			_ = old.close() // with its events in it
		}
		return nil // Run goes on trying; what was read stays where it is
	}
	o.disk.writing.record(nil) // faults of a former folder say nothing about this one
	o.disk.syncing.record(nil)
	o.tidy()
	if err := o.leave(old); err != nil {
		o.log.Warn("publish: outbox: its former folder still holds events; they would be published again from there", "folder", old.path, "error", err)
	}
	return nil
}

// tidy puts aside or removes the files whose events are in the log and synced by now.
func (o *Outbox) tidy() {
	o.disk.file.putDamagedAside(o.log)
	removeFormerOutbox(o.disk.former, o.log)
	o.disk.former = nil
}

// leave empties and closes a log whose events are elsewhere now.
func (o *Outbox) leave(old *eventLog) error {
	if old == nil {
		return nil
	}
	if o.disk.file == old {
		o.disk.file = nil
	}
	return errors.Join(old.clear(), old.syncNow(), old.close())
}

// restore puts events of an earlier process before those that have come since, and tells the publisher.
func (o *Outbox) restore(saved []record) {
	o.prepend(saved)
	if len(saved) == 0 {
		return
	}
	o.log.Info("publish: events of an earlier run wait for the broker", "events", len(saved))
	o.mu.Lock()
	tell := o.restored
	o.mu.Unlock()
	if tell != nil {
		tell()
	}
}

func (o *Outbox) prepend(saved []record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for at := o.head; at < o.tail; at++ {
		o.at(at).number = 0 // it is not in this log
	}
	if excess := o.length() + len(saved) - len(o.ring); excess > 0 {
		excess = min(excess, len(saved))
		saved, o.evicted = saved[excess:], o.evicted+uint64(excess)
	}
	for i := len(saved) - 1; i >= 0; i-- {
		q := saved[i].queued(o.boot, o.now().Monotonic)
		o.head--
		*o.at(o.head) = q
		o.bytes += q.bytes()
	}
	o.trim()
}

// write brings the log up to date with what waits. The caller holds disk.mu.
func (o *Outbox) write() error {
	file := o.disk.file
	if file == nil {
		return nil
	}
	prove := o.disk.writing.last() != nil
	if file.distrusted && !time.Now().Before(o.disk.resyncAt) {
		o.forgetNumbers(0)
		file.startOver()
		prove = true
	}
	head, records := o.unwritten(file.next)
	err := file.write(head, records, prove)
	if err != nil {
		o.forgetNumbers(file.next)
	}
	return err
}

// unwritten returns the events that are not in the log, numbered from next on, and the number of the oldest event that waits.
func (o *Outbox) unwritten(next uint64) (head uint64, records []record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trim()
	from := o.tail
	for from > o.head && o.at(from-1).number == 0 {
		from--
	}
	now := o.now()
	for ; from < o.tail; from, next = from+1, next+1 {
		o.at(from).number = next
		records = append(records, newRecord(o.at(from), o.boot, now))
	}
	if o.head == o.tail {
		return next, nil
	}
	return o.at(o.head).number, records
}

// forgetNumbers makes events with this number or a later one count as unwritten.
func (o *Outbox) forgetNumbers(from uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for at := o.head; at < o.tail; at++ {
		if q := o.at(at); q.number >= from {
			q.number = 0
		}
	}
}

// sync makes what was written survive a power cut.
func (o *Outbox) sync() error {
	o.disk.mu.Lock()
	file := o.disk.file
	if file == nil || file.distrusted { // write begins anew, after a pause
		o.disk.mu.Unlock()
		return o.disk.syncing.last()
	}
	pending := file.unsynced()
	o.disk.mu.Unlock()
	if len(pending.segments) == 0 {
		return o.disk.syncing.last()
	}
	err := pending.sync()
	o.disk.syncs.Add(1)
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if err != nil {
		file.distrusted, o.disk.resyncAt = true, time.Now().Add(resyncAfter)
	}
	return err
}

// fault is the latest error of something that is tried again and again.
type fault struct{ err atomic.Pointer[error] }

// record stores the result of a try, and reports whether a failure begins or ends with it.
func (f *fault) record(err error) (changed bool) {
	if err == nil {
		return f.err.Swap(nil) != nil
	}
	return f.err.Swap(&err) == nil
}

func (f *fault) last() error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}
