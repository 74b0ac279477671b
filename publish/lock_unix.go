//go:build unix

package publish

import (
	"fmt"
	"os"
	"syscall"
)

// lockFolder keeps other processes from using the folder until it is closed.
func lockFolder(folder *os.File) error {
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}
