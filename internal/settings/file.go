package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"edged/internal/durable"
)

const (
	fileName = "settings.json"
	format   = 1
	// maxBytes is far more than the settings of a thousand views.
	maxBytes = 16 << 20
)

type file struct {
	Format int             `json:"format"`
	Views  map[string]View `json:"views"`
}

// Open keeps the settings in the folder from now on, and adds those that are there. An empty dir keeps them in memory only. It may be
// called again, with the same folder or another one; settings of this process are never lost.
//
// A file that is damaged or has a wrong value is renamed to settings.json.damaged, and the log says so. If the file cannot be read it is
// left alone: Open returns the error, Err returns it too, and Keep tries again.
func (s *Store) Open(dir string) error {
	s.fileMu.Lock()
	defer s.fileMu.Unlock()
	if dir == s.dir && (s.loaded || dir == "") {
		return nil
	}
	s.dir, s.loaded = dir, false
	if dir == "" {
		s.setFailed(nil)
		return nil
	}
	err := s.load()
	if err != nil {
		s.signal() // Keep may wait already
	}
	return err
}

// load reads the file. The caller holds fileMu.
func (s *Store) load() error {
	views, err := s.read()
	s.setFailed(err)
	if err != nil {
		return err
	}
	s.loaded = true
	known := s.known()
	s.merge(views)
	if known {
		s.signal() // the file lacks what was in memory
	}
	return nil
}

// known reports whether there are any settings.
func (s *Store) known() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.views) > 0
}

func (s *Store) setFailed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = err
}

func (s *Store) path() string { return filepath.Join(s.dir, fileName) }

// read returns the settings in the file, none if there is no file.
func (s *Store) read() (map[string]View, error) {
	data, err := os.ReadFile(s.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	views, damage := parse(data)
	if damage == nil {
		return views, nil
	}
	s.log.Error("settings: the file is damaged; its switches and thresholds are lost", "file", s.path(), "error", damage, "kept_as", s.path()+".damaged")
	if err := os.Rename(s.path(), s.path()+".damaged"); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return nil, nil
}

func parse(data []byte) (map[string]View, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("it has %d bytes; at most %d", len(data), maxBytes)
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if f.Format != format {
		return nil, fmt.Errorf("its format is %d; this edged reads %d", f.Format, format)
	}
	for path, view := range f.Views {
		for label, score := range view.Thresholds {
			if score <= 0 || score > 1 {
				return nil, fmt.Errorf("view %q: the threshold of %q is %g", path, label, score)
			}
		}
	}
	return f.Views, nil
}

// write replaces the file as a whole: after a power cut there is the old one or the new one.
func (s *Store) write() error {
	s.mu.Lock()
	data, err := json.MarshalIndent(file{Format: format, Views: s.views}, "", "  ")
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return durable.Replace(s.path(), append(bytes.TrimSpace(data), '\n'))
}
