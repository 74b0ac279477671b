package publish

import (
	"bytes"
	"encoding/json"
	"os"
	"sync"
)

// notes is the plain file beside bbolt's: a line of JSON for each change of the outbox that is not in bbolt's yet. A write
// ends in the kernel's memory, so that it is quick, and no end of the process takes it back.
type notes struct {
	path   string
	scribe scribe

	mu         sync.Mutex
	file       *os.File
	size       int64  // of what is whole
	head, next uint64 // what the file says of the outbox: the oldest event's number, the next one's
}

// entry is a line: an event, or only how far the broker has acknowledged.
type entry struct {
	Head   uint64  // events before this number do not wait any more
	Seq    uint64  // of Record
	Record *record `json:",omitempty"`
}

// openNotes opens the file and returns what waits by it and by what bbolt has saved. What is no entry, which only a power cut
// leaves behind, and all after it is cut off.
func openNotes(path string, s scribe, saved batch) (*notes, batch, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, saved, err
	}
	n := &notes{path: path, scribe: s, file: file}
	text, err := os.ReadFile(path)
	if n.size = saved.replay(text); err == nil && n.size < int64(len(text)) {
		err = file.Truncate(n.size)
	}
	if err != nil {
		file.Close()
		return nil, saved, err
	}
	n.head, n.next = saved.first, saved.next()
	return n, saved, nil
}

// replay brings s up to date, and returns how many bytes are entries.
func (s *batch) replay(text []byte) (size int64) {
	for {
		line, _, whole := bytes.Cut(text[size:], []byte("\n"))
		var e entry
		if !whole || json.Unmarshal(line, &e) != nil || !s.take(e) {
			return size
		}
		size += int64(len(line)) + 1
	}
}

// take brings s up to date. It is false for an event that does not follow.
func (s *batch) take(e entry) bool {
	for s.first < e.Head && len(s.records) > 0 {
		s.first, s.records = s.first+1, s.records[1:]
	}
	s.first = max(s.first, e.Head)
	switch {
	case e.Record == nil || e.Seq < s.next(): // bbolt has it, too
	case len(s.records) == 0:
		s.first, s.records = e.Seq, append(s.records, *e.Record)
	case e.Seq == s.next():
		s.records = append(s.records, *e.Record)
	default:
		return false
	}
	return true
}

// add writes what has changed since the last call.
func (n *notes) add(o *outbox) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.write(o)
}

func (n *notes) write(o *outbox) error {
	events, head, next := o.from(n.next)
	if head == n.head && next == n.next {
		return nil
	}
	var lines bytes.Buffer
	for i, e := range events {
		r := n.scribe.record(e)
		n.encode(&lines, entry{Head: head, Seq: next - uint64(len(events)-i), Record: &r})
	}
	if len(events) == 0 {
		n.encode(&lines, entry{Head: head})
	}
	if err := n.append(lines.Bytes()); err != nil {
		return err
	}
	n.head, n.next = head, next
	return nil
}

func (n *notes) append(lines []byte) error {
	if _, err := n.file.Write(lines); err != nil {
		_ = n.file.Truncate(n.size) // a full disk takes half a line
		return err
	}
	n.size += int64(len(lines))
	return nil
}

// try writes what the file says already.
func (n *notes) try() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var line bytes.Buffer
	n.encode(&line, entry{Head: n.head})
	return n.append(line.Bytes())
}

func (n *notes) encode(lines *bytes.Buffer, e entry) {
	if err := json.NewEncoder(lines).Encode(e); err != nil {
		panic(err) // texts, numbers and times
	}
}

// restart forgets what bbolt's file, which holds the events [head, next) now, says as well. Newer events are written beside
// and renamed, so that they are there at every instant.
func (n *notes) restart(o *outbox, head, next uint64) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next > next {
		return n.replace(o, head, next)
	}
	if n.size > 0 {
		if err := n.file.Truncate(0); err != nil {
			return err
		}
	}
	n.size, n.head, n.next = 0, head, next
	return n.write(o)
}

// shorten has a file of more than most bytes say the same in fewer, where bbolt's holds the events [head, next).
func (n *notes) shorten(o *outbox, head, next uint64, most int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.size <= int64(most) {
		return nil
	}
	return n.replace(o, head, next)
}

func (n *notes) replace(o *outbox, head, next uint64) error {
	file, err := os.OpenFile(n.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	anew := notes{file: file, head: head, next: next, scribe: n.scribe}
	if err = anew.write(o); err == nil {
		err = os.Rename(file.Name(), n.path)
	}
	if err != nil {
		file.Close()
		return err
	}
	n.file.Close()
	n.file, n.size, n.head, n.next = file, anew.size, anew.head, anew.next
	return nil
}
