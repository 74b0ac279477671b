// Package durable writes files so that a power cut leaves the old one or the new one, and never a part.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Temporary begins the names of files that Replace is writing. A crash may leave one behind, which nobody needs.
const Temporary = ".tmp-"

// Unreadable reports whether the disk or its rights are the error of a read, and not what the file holds: the file may be whole. A missing file
// is no such error.
func Unreadable(err error) bool {
	return (errors.As(err, new(*fs.PathError)) || errors.As(err, new(syscall.Errno))) && !errors.Is(err, fs.ErrNotExist)
}

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
