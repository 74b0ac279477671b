package settings

import (
	"context"
	"time"
)

const (
	// writeAfter is the least time between two writes: a user who drags a slider must not wear out an SD card.
	writeAfter = time.Second
	// retryAfter is the pause after a read or write that failed.
	retryAfter = 10 * time.Second
)

// Keep writes the settings a second after they have changed, until ctx ends; then it writes what is not yet written. It tries again
// what failed.
func (s *Store) Keep(ctx context.Context) {
	for {
		var retry <-chan time.Time
		if s.Err() != nil {
			retry = time.After(retryAfter)
		}
		select {
		case <-ctx.Done():
			if s.Err() != nil || len(s.changed) > 0 {
				s.save()
			}
			return
		case <-retry:
		case <-s.changed:
			select {
			case <-ctx.Done():
			case <-time.After(writeAfter):
			}
		}
		s.save()
	}
}

// save writes the settings to the file, and first reads it if that has failed before.
func (s *Store) save() {
	s.fileMu.Lock()
	if s.dir == "" {
		s.fileMu.Unlock()
		return
	}
	loaded, path := s.loaded, s.path()
	if !loaded && s.load() != nil {
		s.fileMu.Unlock()
		return
	}
	before, err := s.Err(), s.write()
	s.setFailed(err)
	s.fileMu.Unlock()
	switch {
	case err != nil && before == nil:
		s.log.Error("settings: not written; a restart would forget them; edged tries again", "file", path, "error", err)
	case err == nil && (before != nil || !loaded):
		s.log.Info("settings: written again", "file", path)
	}
	if !loaded {
		s.reportLoaded()
	}
}

func (s *Store) reportLoaded() {
	s.mu.Lock()
	f := s.onLoaded
	s.mu.Unlock()
	if f != nil {
		f()
	}
}
