package teach

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"edged/internal/durable"
)

// store keeps actions in a folder:
//
//	ID/action          what is known of the action
//	ID/ITEM.example    one item each; also .negative and .question
//
// Each file is written to a temporary name, synced and renamed: after a power cut there is the old one or the new one. Its first line has the sha256 of
// the rest, which is JSON. A damaged file is renamed to NAME.damaged. The store of a process without a folder has dir "" and keeps nothing.
type store struct {
	dir        string
	log        *slog.Logger
	damaged    int // files that were put aside
	newer      int // files of a later edged, which were left alone
	unreadable int // files that were left alone, too

	replace func(path string, data []byte) error // durable.Replace; a test has others
}

const (
	fileHead     = "edged-teach 1 "
	anyHead      = "edged-teach "
	maxStoreFile = maxPictures*maxPictureBytes*4/3 + 8<<20
	actionFile   = "action"
	damagedMark  = ".damaged"
)

// errNewer is what a file of a later edged gives.
var errNewer = errors.New("a later edged wrote it")

func (s *store) path(names ...string) string {
	return filepath.Join(append([]string{s.dir}, names...)...)
}

// load reads all actions. It returns an error only if the folder itself cannot be read or made.
func (s *store) load() (actions []*action, err error) {
	if s.dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() || !validID(e.Name()) || len(actions) >= MaxStored {
			continue
		}
		if a := s.loadAction(e.Name()); a != nil {
			actions = append(actions, a)
		} else {
			s.finishForgetting(e.Name())
		}
	}
	return actions, nil
}

// finishForgetting deletes the pictures of an action that was forgotten when a crash came: its own file is gone, and was not put aside.
func (s *store) finishForgetting(id string) {
	for _, name := range []string{actionFile, actionFile + damagedMark} {
		if _, err := os.Lstat(s.path(id, name)); !errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
	if err := os.RemoveAll(s.path(id)); err != nil {
		s.log.Error("teach: the pictures of a forgotten action cannot be deleted", "folder", s.path(id), "error", err)
	}
}

// loadAction reads an action with its items; nil if nothing of it can be read.
func (s *store) loadAction(id string) *action {
	a := &action{ID: id}
	if !s.read(a, id, actionFile) || a.ID != id {
		return nil
	}
	entries, err := os.ReadDir(s.path(id))
	if err != nil {
		s.log.Error("teach: the examples of an action cannot be read", "action", a.Name, "error", err)
		return a
	}
	for _, e := range entries {
		name := e.Name()
		itemID, kind, _ := strings.Cut(name, ".")
		switch {
		case strings.HasPrefix(name, durable.Temporary):
			_ = os.Remove(s.path(id, name)) // of a write that a crash interrupted
		case validID(itemID) && (kind == string(example) || kind == string(negative) || kind == string(question)):
			s.loadItem(a, itemID, itemKind(kind))
		}
	}
	slices.SortStableFunc(a.items, func(a, b *item) int { return cmp.Compare(a.Time, b.Time) })
	return a
}

func (s *store) loadItem(a *action, id string, kind itemKind) {
	i := &item{}
	if !s.read(i, a.ID, id+"."+string(kind)) || i.ID != id {
		return
	}
	i.Count, i.Pictures, i.kind = len(i.Pictures), nil, kind
	if old := a.item(id); old != nil { // a crash came between writing the answer and deleting the question
		if old.kind == question {
			a.drop(old)
			_ = s.remove(a, old)
		} else {
			_ = s.remove(a, i)
			return
		}
	}
	a.items = append(a.items, i)
}

// checker is something that a file holds.
type checker interface{ check() error }

// read reads a file. It returns false if the file is missing, cannot be read, or is damaged. It puts a damaged one aside. The log says so.
func (s *store) read(into checker, names ...string) bool {
	path := s.path(names...)
	err := readFile(path, into)
	switch {
	case err == nil:
		return true
	case errors.Is(err, errNewer):
		s.newer++
		s.log.Error("teach: edged leaves a file alone that it does not understand", "file", path, "error", err)
		return false
	case errors.Is(err, fs.ErrNotExist):
		return false
	case durable.Unreadable(err):
		s.unreadable++
		s.log.Error("teach: edged leaves a file alone that it cannot read", "file", path, "error", err)
		return false
	}
	s.damaged++
	s.log.Error("teach: a file is damaged; what it held is lost", "file", path, "error", err, "kept_as", path+damagedMark)
	if err := os.Rename(path, path+damagedMark); err != nil {
		s.log.Error("teach: a damaged file cannot be put aside", "file", path, "error", err)
	}
	return false
}

func readFile(path string, into checker) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxStoreFile {
		return fmt.Errorf("it is no file of edged: %d bytes", info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	body, err := verify(data)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return err
	}
	return into.check()
}

// verify checks the first line and returns the rest.
func verify(data []byte) ([]byte, error) {
	head, body, _ := bytes.Cut(data, []byte("\n"))
	sum, ok := strings.CutPrefix(string(head), fileHead)
	switch {
	case !ok && strings.HasPrefix(string(head), anyHead):
		return nil, errNewer
	case !ok:
		return nil, errors.New("its first line is not that of edged")
	case sum != checksum(body):
		return nil, errors.New("its checksum is wrong")
	}
	return body, nil
}

func checksum(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// write replaces a file.
func (s *store) write(v any, names ...string) error {
	if s.dir == "" {
		return nil
	}
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	data := append([]byte(fileHead+checksum(body)+"\n"), body...)
	path := s.path(names...)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return s.replace(path, data)
}

// saveAction writes what is known of the action. Its folder may be new.
func (s *store) saveAction(a *action) error {
	if err := s.write(a, a.ID, actionFile); err != nil || s.dir == "" {
		return err
	}
	return durable.Sync(s.dir)
}

// saveItem writes an item with its pictures. In memory the pictures stay only if there is no folder.
func (s *store) saveItem(a *action, i *item) error {
	i.Count = len(i.Pictures)
	if err := s.write(i, a.ID, i.file()); err != nil {
		return err
	}
	if s.dir != "" {
		i.Pictures = nil
	}
	return nil
}

func (i *item) file() string { return i.ID + "." + string(i.kind) }

// pictures returns the item's pictures.
func (s *store) pictures(a *action, i *item) ([][]byte, error) {
	if s.dir == "" || len(i.Pictures) > 0 {
		return i.Pictures, nil
	}
	full := &item{}
	if err := readFile(s.path(a.ID, i.file()), full); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPicture, err)
	}
	return full.Pictures, nil
}

// remove deletes an item.
func (s *store) remove(a *action, i *item) error {
	if s.dir == "" {
		return nil
	}
	if err := os.Remove(s.path(a.ID, i.file())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.Sync(s.path(a.ID))
}

// forget deletes an action with everything of it. The action's own file goes first: without it, the rest is nothing.
func (s *store) forget(a *action) error {
	if s.dir == "" {
		return nil
	}
	if err := os.Remove(s.path(a.ID, actionFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.RemoveAll(s.path(a.ID)); err != nil {
		return err
	}
	return durable.Sync(s.dir)
}
