// Package settings keeps what was set at run time, by a command and not by the configuration, over restarts.
package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// View is what was set of one view. What nobody has set is nil, or absent.
type View struct {
	Enabled    *bool              `json:"enabled,omitempty"`
	Thresholds map[string]float64 `json:"thresholds,omitempty"` // by label
}

// Store is the settings of all views, by path. Its methods may be called from any goroutine.
type Store struct {
	path string // "" = in memory alone

	mu      sync.Mutex
	views   map[string]View
	failed  error         // why the file could not be read, or the last write failed: what was set is in memory alone
	changed chan struct{} // one token: to be written
}

const (
	fileName = "settings.json"
	format   = 1
	// maxBytes is far more than the settings of a thousand views.
	maxBytes = 16 << 20
	// writeAfter spaces the writes: an SD card must not wear out by a slider that is being dragged.
	writeAfter = time.Second
	// retryAfter is how long after a write that failed the next is tried, while nothing changes.
	retryAfter = 10 * time.Second
)

type file struct {
	Format int             `json:"format"`
	Views  map[string]View `json:"views"`
}

// Open reads the settings in the folder dir, none where it has none; dir "" keeps them in memory. A file that is no settings, or has a
// wrong one among them, is put aside as settings.json.damaged, and logged. After an error the file is left as it is: it may be whole.
func Open(dir string, log *slog.Logger) (*Store, error) {
	s := &Store{views: map[string]View{}, changed: make(chan struct{}, 1)}
	if dir == "" {
		return s, nil
	}
	s.path = filepath.Join(dir, fileName)
	data, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		if damage := s.read(data); damage != nil {
			log.Error("settings: the file is damaged; what was set is lost", "file", s.path, "error", damage, "kept_as", s.path+".damaged")
			err = os.Rename(s.path, s.path+".damaged")
		}
	}
	if err != nil {
		s.path, s.failed = "", fmt.Errorf("settings: %w", err)
	}
	return s, s.failed
}

func (s *Store) read(data []byte) error {
	if len(data) > maxBytes {
		return fmt.Errorf("%d bytes", len(data))
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	if f.Format != format {
		return fmt.Errorf("format %d; this edged knows %d", f.Format, format)
	}
	for path, view := range f.Views {
		for label, score := range view.Thresholds {
			if score <= 0 || score > 1 {
				return fmt.Errorf("view %q: threshold of %q is %g", path, label, score)
			}
		}
	}
	if f.Views != nil {
		s.views = f.Views
	}
	return nil
}

// View returns what was set of the view.
func (s *Store) View(path string) View {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[path]
	v.Thresholds = maps.Clone(v.Thresholds)
	return v
}

// SetEnabled notes whether the view is watched.
func (s *Store) SetEnabled(path string, on bool) {
	s.change(path, func(v *View) { v.Enabled = &on })
}

// SetThreshold notes at which score the label's actions start.
func (s *Store) SetThreshold(path, label string, score float64) {
	s.change(path, func(v *View) {
		thresholds := maps.Clone(v.Thresholds)
		if thresholds == nil {
			thresholds = map[string]float64{}
		}
		thresholds[label] = score
		v.Thresholds = thresholds
	})
}

func (s *Store) change(path string, by func(*View)) {
	s.mu.Lock()
	v := s.views[path]
	by(&v)
	s.views[path] = v
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Keep writes the settings a second after they have changed, until ctx ends; then what is not yet written. Where that fails it
// tries again.
func (s *Store) Keep(ctx context.Context, log *slog.Logger) {
	for {
		var again <-chan time.Time
		if s.Err() != nil {
			again = time.After(retryAfter)
		}
		select {
		case <-ctx.Done():
			if s.Err() != nil || len(s.changed) > 0 {
				s.write(log)
			}
			return
		case <-again:
		case <-s.changed:
			select {
			case <-ctx.Done():
			case <-time.After(writeAfter):
			}
		}
		s.write(log)
	}
}

// Err says why what was set is in memory alone, although a folder was given; nil: it is not.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// write replaces the file as a whole: a power cut leaves the old one or the new one.
func (s *Store) write(log *slog.Logger) {
	if s.path == "" {
		return
	}
	s.mu.Lock()
	data, err := json.MarshalIndent(file{Format: format, Views: s.views}, "", "  ")
	s.mu.Unlock()
	if err == nil {
		err = replace(s.path, append(bytes.TrimSpace(data), '\n'))
	}
	s.mu.Lock()
	before := s.failed
	s.failed = err
	s.mu.Unlock()
	switch {
	case err != nil && before == nil:
		log.Error("settings: not written: a restart would forget them; will be tried again", "file", s.path, "error", err)
	case err == nil && before != nil:
		log.Info("settings: written again", "file", s.path)
	}
}

func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
