//go:build unix

package models

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// mapFile maps a file's size bytes into memory, where they are read only as something touches them.
func mapFile(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_PRIVATE)
}

// unmapAfter unmaps the data once nobody holds the model.
func unmapAfter(m *Model, data []byte) {
	runtime.AddCleanup(m, func(data []byte) { _ = unix.Munmap(data) }, data)
}

// Release tells the kernel that none of the file's pages is needed now. One that is touched later is read again.
func (m *Model) Release() {
	if m.mapped {
		_ = unix.Madvise(m.Data, unix.MADV_DONTNEED) // of a private mapping that nobody writes, this cannot fail or lose anything
	}
}
