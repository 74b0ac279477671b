package models

import (
	"os"

	"golang.org/x/sys/unix"
)

// smallPages asks the kernel to keep the file in small pieces while it is read for the first time. Otherwise new kernels map a
// megabyte or more of weights for each small constant between them that the model reads.
func smallPages(f *os.File) { _ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_RANDOM) }
