//go:build !unix

package models

import (
	"io"
	"os"
)

// mapFile reads the file: this package only has to compile where there is no mmap.
func mapFile(f *os.File, size int) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(f, data)
	return data, err
}

func unmapAfter(*Model, []byte) {}

// Release does nothing here.
func (m *Model) Release() {}
