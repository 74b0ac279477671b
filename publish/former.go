package publish

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"edged/internal/durable"
)

// Older versions kept the outbox in a bbolt database and, for what had come since its last transaction, in a file of JSON lines.
// edged needs bbolt only here, to take over what such a version left behind.
const (
	formerDatabase = "outbox.db"
	formerNotes    = "outbox.db.notes"
)

// readFormerOutbox returns the events that an older version left in the state folder, and the files to remove once they are saved.
func readFormerOutbox(stateDir string, log *slog.Logger) (records []record, files []string) {
	var content logContent
	database, notes := filepath.Join(stateDir, formerDatabase), filepath.Join(stateDir, formerNotes)
	switch err := content.readDatabase(database); {
	case errors.Is(err, fs.ErrNotExist):
	case durable.Unreadable(err), errors.Is(err, berrors.ErrTimeout): // another edged may use it
		log.Error("publish: edged cannot read the outbox of an older version; it leaves the file alone and tries again at its next start",
			"file", database, "error", err)
	case err != nil:
		log.Error("publish: the outbox of an older version is damaged; its events are lost",
			"file", database, "error", err, "kept_as", database+damagedEnding)
		if err := os.Rename(database, database+damagedEnding); err != nil {
			log.Error("publish: outbox: a damaged file cannot be put aside", "error", err)
		}
	default:
		files = append(files, database)
	}
	switch text, err := os.ReadFile(notes); {
	case err == nil:
		content.readNotes(text)
		files = append(files, notes)
	case !errors.Is(err, fs.ErrNotExist):
		log.Error("publish: edged cannot read a file of an older version; it leaves the file alone and tries again at its next start", "error", err)
	}
	for i := range content.records {
		content.records[i].number = 0
	}
	return content.records, files
}

func removeFormerOutbox(files []string, log *slog.Logger) {
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			log.Error("publish: outbox: a file of an older version cannot be removed; its events would be published again", "error", err)
		}
	}
}

// readDatabase reads a bucket "events": the events by their numbers, 8 bytes each. The numbers begin with 0, unlike those of entry.
func (c *logContent) readDatabase(path string) (err error) {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	// bbolt trusts what it reads: damaged pages make it panic, and a file that is too short is a fault in its mapping.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bolt.Tx) error {
		events := tx.Bucket([]byte("events"))
		if events == nil {
			return nil
		}
		return events.ForEach(c.readEvent)
	})
}

func (c *logContent) readEvent(key, value []byte) error {
	var r record
	if err := json.Unmarshal(value, &r); err != nil || len(key) != 8 {
		return fmt.Errorf("event %x: %w", key, errors.Join(err, errDamaged))
	}
	c.take(entry{Seq: binary.BigEndian.Uint64(key) + 1, Record: &r})
	return nil
}

// readNotes takes the lines that are whole.
func (c *logContent) readNotes(text []byte) {
	for line := range bytes.Lines(text) {
		var e entry
		if json.Unmarshal(line, &e) == nil {
			e.Head, e.Seq = e.Head+1, e.Seq+1
			c.take(e)
		}
	}
}

var errDamaged = errors.New("damaged")
