package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"edged/capture"
	"edged/internal/config"
	"edged/internal/plainfile"
)

// CheckPlaces looks for the files and folders that the configuration names and edged could run without: video files that are played as
// cameras, and folders for the state and for clips. A running edged goes on and tries them again and again. Somebody who checks a
// configuration wants to know. An error is a ConfigError.
func CheckPlaces(cfg *config.Config) error {
	var errs []error
	for i, cam := range cfg.Cameras {
		spec, err := capture.ParseSpec(cam.Source)
		if err == nil && spec.Kind == capture.KindFile {
			if err := canRead(spec.Path); err != nil {
				errs = append(errs, fmt.Errorf("cameras[%d].source: %s: %w", i, spec.Path, err))
			}
		}
	}
	if dir := stateDir(cfg); dir != "" {
		errs = append(errs, inKey("state_dir", canWrite(dir)))
	}
	if dir := clipsDir(cfg); dir != "" && cfg.Record.Enabled {
		errs = append(errs, inKey("record.dir", canWrite(dir)))
	}
	if err := errors.Join(errs...); err != nil {
		return ConfigError{err}
	}
	return nil
}

func inKey(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", key, err)
}

func canRead(path string) error {
	f, err := plainfile.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// canWrite returns an error unless files can be made in the folder, or the folder itself if it does not exist. It makes a file for a
// moment: permissions alone do not tell.
func canWrite(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir:
		if err := canWrite(filepath.Dir(dir)); err != nil {
			return fmt.Errorf("%s does not exist, and edged cannot make it: %w", dir, err)
		}
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	}
	f, err := os.CreateTemp(dir, ".edged-check-*")
	if err != nil {
		return fmt.Errorf("%s: this user cannot write there: %w", dir, errors.Unwrap(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
