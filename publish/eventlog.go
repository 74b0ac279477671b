package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// eventLog is the outbox on disk: a folder of segments, files that are only appended to.
//
// A segment has a line of text for each event, and for each time that events have left the outbox meanwhile:
//
//	CHECKSUM {"Head":7,"Seq":9,"Record":{…}}
//	CHECKSUM {"Head":10}
//
// Seq numbers the events. Head is the number of the oldest event that waits: those with smaller numbers are gone. So a segment
// can be removed as a whole, once all of its events are gone. When no event waits, the last segment is emptied.
//
// Why not a library: hashicorp/raft-wal syncs on every append, so each event would cost a sync or be lost with the process, and it
// brings bbolt along for its own bookkeeping. bbolt itself writes whole pages of a tree for every batch.
type eventLog struct {
	path     string
	folder   *os.File   // locked, so that no other process opens it; synced after segments come and go
	segments []*segment // oldest first; lines are appended to the last one
	file     uint64     // number of the newest segment, in its name
	next     uint64     // number of the next event
	head     uint64     // the Head that was written last
	damaged  []string   // paths of segments for putDamagedAside

	newSegment bool // the next line opens a new segment
	changed    bool // a segment came or went since the folder was synced last
	distrusted bool // a sync failed: what was written may be lost, although the next sync succeeds
	create     func(path string) (segmentFile, error)
}

// segment is one file of the log.
type segment struct {
	path   string
	file   segmentFile
	last   uint64 // number of its newest event
	size   int64  // of its whole lines
	synced int64  // what a power cut would leave of it; 0 = nothing
	dirty  bool   // changed since its last sync
	torn   bool   // behind its whole lines there may be a part of one
}

// segmentFile is what a segment needs of an *os.File.
type segmentFile interface {
	WriteAt(b []byte, offset int64) (int, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

const (
	segmentBytes  = 128 << 10 // beyond this size a new segment begins
	segmentEnding = ".log"
	damagedEnding = ".damaged"
)

func createSegment(path string) (segmentFile, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// write appends the records, which are numbered from next on. head is the number of the oldest event that waits. With nothing to
// write, write does nothing unless it must prove that it can.
func (l *eventLog) write(head uint64, records []record, prove bool) error {
	switch {
	case prove:
	case len(records) == 0 && head == l.head:
		return nil
	case head == l.next && len(records) == 0:
		return l.clear()
	}
	lines := encodeLines(head, l.next, records)
	s, err := l.current(len(lines))
	if err == nil {
		err = s.append(lines)
	}
	if err != nil {
		return err
	}
	l.head, l.next = head, l.next+uint64(len(records))
	s.last = l.next - 1
	return l.removeGone(head)
}

// current returns the segment for so many more bytes.
func (l *eventLog) current(bytes int) (*segment, error) {
	if n := len(l.segments); n > 0 && !l.newSegment {
		if s := l.segments[n-1]; s.size == 0 || s.size+int64(bytes) <= segmentBytes {
			return s, nil
		}
	}
	path := filepath.Join(l.path, fmt.Sprintf("%016d%s", l.file+1, segmentEnding))
	file, err := l.create(path)
	if err != nil {
		return nil, err
	}
	l.file++
	s := &segment{path: path, file: file}
	l.segments = append(l.segments, s)
	l.changed, l.newSegment = true, false
	return s, nil
}

func (s *segment) append(lines []byte) error {
	if s.torn {
		if err := s.file.Truncate(s.size); err != nil {
			return err
		}
		s.torn = false
	}
	s.dirty = true
	if _, err := s.file.WriteAt(lines, s.size); err != nil {
		s.torn = s.file.Truncate(s.size) != nil // a full disk takes a part of a line
		return err
	}
	s.size += int64(len(lines))
	return nil
}

// removeGone removes the segments whose events all have smaller numbers than head, but for the last one.
func (l *eventLog) removeGone(head uint64) error {
	for len(l.segments) > 1 && l.segments[0].last < head {
		s := l.segments[0]
		if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		l.segments, l.changed = l.segments[1:], true
		_ = s.file.Close() // nothing that was written to it is needed
	}
	return nil
}

// clear records that no event waits.
func (l *eventLog) clear() error {
	if err := l.removeGone(l.next); err != nil {
		return err
	}
	for _, s := range l.segments { // one at most
		if err := s.file.Truncate(0); err != nil {
			return err
		}
		s.size, s.torn, s.dirty = 0, false, true
	}
	l.head = l.next
	return nil
}

// startOver has the next write begin a new segment. All events must be written again.
func (l *eventLog) startOver() { l.newSegment, l.distrusted = true, false }

// unsynced is what a sync has to do.
type unsynced struct {
	segments []*segment
	folder   *os.File // nil = it need not be synced
}

// unsynced takes what has changed since the last sync. Events that have come and gone since then need none.
func (l *eventLog) unsynced() (u unsynced) {
	for _, s := range l.segments {
		if s.dirty && (s.size > 0 || s.synced > 0) {
			u.segments = append(u.segments, s)
			s.dirty, s.synced = false, s.size // after a sync that fails, everything is written again
		}
	}
	if l.changed && len(u.segments) > 0 {
		u.folder, l.changed = l.folder, false
	}
	return u
}

func (u unsynced) sync() error {
	var errs []error
	for _, s := range u.segments {
		if err := s.file.Sync(); !errors.Is(err, os.ErrClosed) { // closed: its events are gone, or elsewhere
			errs = append(errs, err)
		}
	}
	if u.folder != nil {
		if err := u.folder.Sync(); !errors.Is(err, os.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (l *eventLog) syncNow() error { return l.unsynced().sync() }

func (l *eventLog) close() error {
	errs := make([]error, 0, 1+len(l.segments))
	errs = append(errs, l.folder.Close())
	for _, s := range l.segments {
		errs = append(errs, s.file.Close())
	}
	return errors.Join(errs...)
}

// putDamagedAside renames the segments that could not be read as a whole, in place of those of an earlier time. What could be read
// of them has been written again by now.
func (l *eventLog) putDamagedAside(log *slog.Logger) {
	if len(l.damaged) == 0 {
		return
	}
	former, _ := filepath.Glob(filepath.Join(l.path, "*"+damagedEnding)) // fails for a bad pattern alone
	for _, path := range former {
		_ = os.Remove(path)
	}
	for _, path := range l.damaged {
		if err := os.Rename(path, path+damagedEnding); err != nil {
			log.Error("publish: outbox: a damaged file cannot be put aside", "error", err)
		}
	}
	l.damaged = nil
}
