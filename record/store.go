package record

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"edged/internal/clock"
	"edged/internal/durable"
)

// Store is a folder of clips: ID.mkv with the pictures and ID.json with their events, scores and places. Its methods may be called from
// any goroutine; they wait for the disk.
//
// A clip is written as ID.mkv.part and ID.json.part. Both are synced, then renamed, the .json last: with it the clip is complete. A power
// cut at any moment leaves complete clips and parts, which openStore removes.
type Store struct {
	dir      string
	maxBytes int64
	maxAge   time.Duration
	log      *slog.Logger
	create   func(path string) (file, error) // os.OpenFile; tests put a slow disk in its place

	removing sync.Mutex // held while clips are removed; it may wait for the disk

	mu      sync.Mutex // guards what follows; nobody who holds it waits for the disk
	clips   []stored   // the oldest first
	bytes   int64      // of clips
	writing int64      // of parts
	torn    int        // files that Open removed
	removed func(id string, toMakeRoom bool)
}

// stored is a complete clip.
type stored struct {
	id    string
	start time.Time     // of the clip, by the system's clock of that moment
	added time.Duration // when this process finished it, CLOCK_MONOTONIC; 0 = an earlier one did
	bytes int64
}

// age is how old the clip is. The system's clock may have been set since, so it counts only for clips of earlier processes.
func (c *stored) age(now clock.Instant) time.Duration {
	if c.added != 0 {
		return now.Monotonic - c.added
	}
	return now.Wall.Sub(c.start)
}

// file is a clip that is being written.
type file interface {
	output
	Sync() error
	Close() error
}

const (
	videoSuffix = ".mkv"
	infoSuffix  = ".json"
	partSuffix  = ".part"
)

// openStore reads the folder, makes it if there is none, and removes clips that an earlier process has not finished. Found is called
// for every complete clip, removed for each that is removed later.
func openStore(dir string, maxBytes int64, maxAge time.Duration, log *slog.Logger, found func(*Clip), removed func(id string, toMakeRoom bool)) (*Store, error) {
	s := &Store{dir: dir, maxBytes: maxBytes, maxAge: maxAge, log: log, create: createFile, removed: removed}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	for name := range names {
		s.take(name, names, found)
	}
	slices.SortFunc(s.clips, func(a, b stored) int {
		return cmp.Or(a.start.Compare(b.start), strings.Compare(a.id, b.id))
	})
	if s.torn > 0 {
		log.Warn("record: clips that were never finished have been removed", "folder", dir, "files", s.torn)
	}
	return s, nil
}

func createFile(path string) (file, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
}

// take decides what becomes of a file that was found. What is not named like one of ours is left alone.
func (s *Store) take(name string, names map[string]bool, found func(*Clip)) {
	whole := strings.TrimSuffix(name, partSuffix)
	id := strings.TrimSuffix(strings.TrimSuffix(whole, videoSuffix), infoSuffix)
	if !ValidID(id) || whole == id {
		return
	}
	switch video := names[id+videoSuffix]; {
	case whole != name && video && strings.HasSuffix(whole, infoSuffix) && !names[whole]:
		// The power went between the two renames.
		if err := os.Rename(s.path(name), s.path(whole)); err != nil || !s.load(id, found) {
			s.tear(name)
		}
	case whole != name, !video, strings.HasSuffix(name, videoSuffix) && !names[id+infoSuffix] && !names[id+infoSuffix+partSuffix]:
		s.tear(name)
	case strings.HasSuffix(name, infoSuffix):
		s.load(id, found)
	}
}

// load takes a complete clip. It removes one that is damaged, and leaves one alone that it cannot read.
func (s *Store) load(id string, found func(*Clip)) bool {
	clip, err := s.Info(id)
	var video fs.FileInfo
	if err == nil {
		video, err = os.Stat(s.path(id + videoSuffix))
	}
	if err == nil {
		last := clip.Frames[len(clip.Frames)-1]
		if last[1]+last[2] > video.Size() {
			err = fmt.Errorf("the video ends at byte %d, its last picture at %d", video.Size(), last[1]+last[2])
		}
	}
	if durable.Unreadable(err) {
		s.log.Error("record: edged cannot read a clip; it leaves the files as they are", "clip", id, "error", err)
		return false
	}
	if err != nil {
		s.log.Warn("record: a damaged clip is removed", "clip", id, "error", err)
		s.tear(id + infoSuffix)
		s.tear(id + videoSuffix)
		return false
	}
	s.add(clip, video.Size(), 0)
	found(clip)
	return true
}

func (s *Store) tear(name string) {
	if err := os.Remove(s.path(name)); err == nil {
		s.torn++
	}
}

func (s *Store) path(name string) string { return filepath.Join(s.dir, name) }

// add counts a complete clip. The file beside it is counted by its own size, too. now is 0 for clips of earlier processes.
func (s *Store) add(clip *Clip, videoBytes int64, now time.Duration) {
	size := videoBytes
	if info, err := os.Stat(s.path(clip.ID + infoSuffix)); err == nil {
		size += info.Size()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clips = append(s.clips, stored{id: clip.ID, start: clip.Start, added: now, bytes: size})
	s.bytes += size
}

// Info reads what there is to know of a clip. The error is fs.ErrNotExist if there is none.
func (s *Store) Info(id string) (*Clip, error) {
	if !ValidID(id) {
		return nil, fmt.Errorf("record: clip %q: %w", id, fs.ErrNotExist)
	}
	data, err := os.ReadFile(s.path(id + infoSuffix))
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	clip, err := parseClip(id, data)
	if err != nil {
		return nil, fmt.Errorf("record: %s: %w", id+infoSuffix, err)
	}
	return clip, nil
}

// Video is a clip's Matroska file.
type Video interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Video opens a clip's Matroska file. The error is fs.ErrNotExist if there is none.
func (s *Store) Video(id string) (Video, error) {
	if !ValidID(id) {
		return nil, fmt.Errorf("record: clip %q: %w", id, fs.ErrNotExist)
	}
	f, err := os.Open(s.path(id + videoSuffix))
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return f, nil
}

// begin makes the file of a new clip.
func (s *Store) begin(id string) (file, error) {
	return s.create(s.path(id + videoSuffix + partSuffix))
}

// finish makes a clip complete: its video is written, and in f.
func (s *Store) finish(f file, clip *Clip, videoBytes int64) error {
	if err := f.Sync(); err != nil {
		return err
	}
	if err := s.writeInfo(clip); err != nil {
		return err
	}
	for _, suffix := range []string{videoSuffix, infoSuffix} {
		if err := os.Rename(s.path(clip.ID+suffix+partSuffix), s.path(clip.ID+suffix)); err != nil {
			return err
		}
	}
	if err := durable.Sync(s.dir); err != nil {
		return err
	}
	s.add(clip, videoBytes, clock.Monotonic())
	return nil
}

// writeInfo writes and syncs ID.json.part.
func (s *Store) writeInfo(clip *Clip) error {
	data, err := json.Marshal(clip)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.path(clip.ID+infoSuffix+partSuffix), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// amend replaces the file beside a complete clip.
func (s *Store) amend(clip *Clip) error {
	if err := s.writeInfo(clip); err != nil {
		return err
	}
	if err := os.Rename(s.path(clip.ID+infoSuffix+partSuffix), s.path(clip.ID+infoSuffix)); err != nil {
		return err
	}
	return durable.Sync(s.dir)
}

// abandon removes the parts of a clip that could not be finished.
func (s *Store) abandon(id string) {
	for _, suffix := range []string{videoSuffix, infoSuffix} {
		_ = os.Remove(s.path(id + suffix + partSuffix)) // on a disk that takes no writes they stay until the next start
		_ = os.Remove(s.path(id + suffix))
	}
}

// Delete removes a clip. The error is fs.ErrNotExist if there is none. Who reads it can read on.
func (s *Store) Delete(id string) error {
	s.removing.Lock()
	defer s.removing.Unlock()
	if !s.has(id) {
		return fmt.Errorf("record: clip %q: %w", id, fs.ErrNotExist)
	}
	return s.remove(id, false)
}

// remove removes a clip; the .json first: without it the .mkv is torn. The caller holds s.removing.
func (s *Store) remove(id string, toMakeRoom bool) error {
	for _, suffix := range []string{infoSuffix, videoSuffix} {
		if err := os.Remove(s.path(id + suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("record: deleting a clip: %w", err)
		}
	}
	s.mu.Lock()
	s.clips = slices.DeleteFunc(s.clips, func(c stored) bool {
		if c.id == id {
			s.bytes -= c.bytes
		}
		return c.id == id
	})
	s.mu.Unlock()
	s.removed(id, toMakeRoom)
	return nil
}

// trim removes the oldest clips until the age and the bytes are within bounds, with those that are being written counted in.
func (s *Store) trim(now clock.Instant) error {
	s.removing.Lock()
	defer s.removing.Unlock()
	for {
		id := s.excess(now)
		if id == "" {
			return nil
		}
		if err := s.remove(id, true); err != nil {
			return err
		}
	}
}

// excess returns the oldest clip if there are too many bytes, else a clip that is too old; "" = there is none.
func (s *Store) excess(now clock.Instant) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clips) > 0 && s.bytes+s.writing > s.maxBytes {
		return s.clips[0].id
	}
	for i := range s.clips {
		if s.clips[i].age(now) > s.maxAge {
			return s.clips[i].id
		}
	}
	return ""
}

// grow counts bytes of a part, and makes room for them.
func (s *Store) grow(by int64) error {
	s.mu.Lock()
	s.writing += by
	s.mu.Unlock()
	if by <= 0 {
		return nil
	}
	return s.trim(clock.Now())
}

// has reports whether the clip is complete and there.
func (s *Store) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.clips, func(c stored) bool { return c.id == id })
}

// there reports whether the folder still exists.
func (s *Store) there() bool {
	_, err := os.Stat(s.dir)
	return err == nil
}

// usage returns how many clips there are, their bytes, and how many files Open removed.
func (s *Store) usage() (clips int, bytes int64, torn int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.clips), s.bytes, s.torn
}
