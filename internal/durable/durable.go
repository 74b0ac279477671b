// Package durable writes files so that a power cut leaves the old one or the new one, and never a part.
package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// Temporary begins the names of files that Replace is writing. A crash may leave one behind, which nobody needs.
const Temporary = ".tmp-"

// Replace gives the file new content. It returns once the disk has it. Only the user who runs edged can read the file.
func Replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), Temporary+"*")
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
	return Sync(filepath.Dir(path))
}

// Sync returns once the disk has the file, or the names in the folder.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
