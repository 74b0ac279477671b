// Package settings keeps what users set at run time: which views are enabled, and thresholds. They survive reloads, and if
// there is a folder for them, restarts.
package settings

import (
	"log/slog"
	"maps"
	"sync"
)

// View is the settings of one view. What nobody has set is nil or absent.
type View struct {
	Enabled    *bool              `json:"enabled,omitempty"`
	Thresholds map[string]float64 `json:"thresholds,omitempty"` // score at which an action starts, by label
	Model      string             `json:"model,omitempty"`      // whose scores Thresholds are for: the name in its manifest; "" in files of older versions
}

// Store is the settings of all views, by path. A process has one. Its methods may be called from any goroutine.
type Store struct {
	log     *slog.Logger
	changed chan struct{} // one token: something is to be written

	fileMu sync.Mutex // held while the file is read or written
	dir    string     // "": in memory only
	loaded bool       // the file in dir was read; until then it must not be replaced

	mu       sync.Mutex
	views    map[string]View
	failed   error // why the settings are in memory only, although there is a folder
	onLoaded func()
}

// New returns a store that keeps the settings in memory. A nil log is slog.Default.
func New(log *slog.Logger) *Store {
	if log == nil {
		log = slog.Default()
	}
	return &Store{log: log, views: map[string]View{}, changed: make(chan struct{}, 1)}
}

// View returns the settings of a view.
func (s *Store) View(path string) View {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[path]
	v.Thresholds = maps.Clone(v.Thresholds)
	return v
}

// SetEnabled notes whether the view is enabled.
func (s *Store) SetEnabled(path string, on bool) {
	s.change(path, func(v *View) { v.Enabled = &on })
}

// SetThreshold notes the score of the model at which the label's actions start. Thresholds of another model are forgotten: its scores mean
// something else.
func (s *Store) SetThreshold(path, model, label string, score float64) {
	s.change(path, func(v *View) {
		v.Thresholds = maps.Clone(v.Thresholds)
		if v.Thresholds == nil || v.Model != model {
			v.Thresholds = map[string]float64{}
		}
		v.Model, v.Thresholds[label] = model, score
	})
}

// Adopt notes which model the thresholds of a file are for that does not say so.
func (s *Store) Adopt(path, model string) {
	s.change(path, func(v *View) { v.Model = model })
}

func (s *Store) change(path string, by func(*View)) {
	s.mu.Lock()
	v := s.views[path]
	by(&v)
	s.views[path] = v
	s.mu.Unlock()
	s.signal()
}

func (s *Store) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Err returns why the settings are in memory only, although there is a folder for them; nil if they are not, or if there is none.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// OnLoaded has f called after settings were read from a file that could not be read before. Stop ends that.
func (s *Store) OnLoaded(f func()) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onLoaded = f
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.onLoaded = nil
	}
}

// merge adds the settings of a file. Those that were set in this process win: the user sees them.
func (s *Store) merge(from map[string]View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, old := range from {
		v := s.views[path]
		if v.Enabled == nil {
			v.Enabled = old.Enabled
		}
		switch {
		case len(v.Thresholds) == 0:
			v.Model, v.Thresholds = old.Model, maps.Clone(old.Thresholds)
		case v.Model == old.Model:
			thresholds := maps.Clone(old.Thresholds)
			if thresholds == nil {
				thresholds = map[string]float64{}
			}
			maps.Copy(thresholds, v.Thresholds)
			v.Thresholds = thresholds
		}
		s.views[path] = v
	}
}
