package publish

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// openEventLog opens the folder, which it makes if need be, and returns the events that wait, oldest first.
//
// What a power cut has left at the end is cut off. Any other part that cannot be read means a failing disk. Then the rest is read, all of
// it must be written again, and putDamagedAside renames the segment.
func openEventLog(path string, log *slog.Logger) (*eventLog, []record, error) {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, nil, err
	}
	folder, err := openFolder(path)
	if err != nil {
		return nil, nil, err
	}
	l := &eventLog{path: path, folder: folder, create: createSegment}
	records, err := l.read(log)
	if err != nil {
		return nil, nil, errors.Join(err, l.close())
	}
	return l, records, nil
}

func openFolder(path string) (*os.File, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := folder.Stat(); err != nil || !info.IsDir() {
		return nil, errors.Join(err, errors.New("not a folder"), folder.Close())
	}
	return folder, nil
}

func (l *eventLog) read(log *slog.Logger) ([]record, error) {
	if err := lockFolder(l.folder); err != nil {
		return nil, err
	}
	paths, _ := filepath.Glob(filepath.Join(l.path, "*"+segmentEnding)) // fails for a bad pattern alone
	slices.Sort(paths)
	var content logContent
	for i, path := range paths {
		if err := l.readSegment(path, &content, len(paths)-1-i, log); err != nil {
			return nil, err
		}
	}
	if n := content.missing(); n > 0 && len(l.damaged) == 0 {
		log.Error("publish: events are missing from the outbox: a file of it was damaged or removed", "folder", l.path, "events", n)
	}
	l.next = content.newest + 1
	if len(l.damaged) > 0 {
		l.newSegment = true
		for i := range content.records {
			content.records[i].number = 0
		}
	}
	return content.records, l.folder.Sync() // a segment that was removed must not come back beside new ones
}

// readSegment reads a segment with so many later ones. A power cut may leave incomplete lines at the end of the last two: edged begins a
// new segment without waiting until the one before is synced.
func (l *eventLog) readSegment(path string, content *logContent, later int, log *slog.Logger) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), segmentEnding), 10, 63); err == nil {
		l.file = max(l.file, n)
	}
	before := len(content.records)
	whole, unreadable := content.read(text)
	tail := len(text) - whole
	if unreadable > 0 || tail > 0 && (later > 1 || whole == 0) {
		log.Error("publish: a file of the outbox is damaged, perhaps because the disk fails; some of its events are lost",
			"file", path, "unreadable_bytes", unreadable+tail, "events_read", len(content.records)-before, "kept_as", path+damagedEnding)
		l.damaged = append(l.damaged, path)
		return nil
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	s := &segment{path: path, file: file, last: content.newest, size: int64(whole), synced: int64(len(text)), torn: tail > 0}
	l.segments = append(l.segments, s)
	if tail > 0 {
		log.Warn("publish: the end of the outbox is incomplete, as after a power cut; edged removes it", "file", path, "bytes", tail)
		if err := file.Truncate(s.size); err != nil {
			return err
		}
		s.torn, s.dirty = false, true
	}
	return nil
}

// logContent is what the lines of a log say.
type logContent struct {
	records []record // of the events that wait, oldest first
	newest  uint64   // largest number of an event so far
	head    uint64   // events with smaller numbers are gone
	gaps    []gap
}

// gap is numbers of which there are no lines.
type gap struct{ from, to uint64 }

// missing returns how many events should wait by what the lines say, and are not there.
func (c *logContent) missing() (n uint64) {
	for _, g := range c.gaps {
		if from := max(g.from, c.head); from < g.to {
			n += g.to - from
		}
	}
	return n
}

// read takes all lines of a segment that can be read. It returns where the last of them ends, and how many bytes before that cannot
// be read.
func (c *logContent) read(text []byte) (whole, unreadable int) {
	for at := 0; ; {
		length := bytes.IndexByte(text[at:], '\n') + 1
		if length == 0 {
			return whole, unreadable
		}
		e, err := decodeLine(text[at : at+length])
		at += length
		if err != nil {
			continue
		}
		c.take(e)
		unreadable += at - length - whole
		whole = at
	}
}

// take applies one line.
func (c *logContent) take(e entry) {
	c.head = max(c.head, e.Head)
	gone := 0
	for gone < len(c.records) && c.records[gone].number < c.head {
		gone++
	}
	c.records = c.records[gone:]
	if e.Record != nil && e.Seq > c.newest && e.Seq >= c.head {
		if e.Seq > c.newest+1 {
			c.gaps = append(c.gaps, gap{c.newest + 1, e.Seq})
		}
		e.Record.number = e.Seq
		c.records = append(c.records, *e.Record)
		c.newest = e.Seq
	}
	c.newest = max(c.newest, c.head-min(c.head, 1))
}
