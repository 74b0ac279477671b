//go:build unix

package publish

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockFolder keeps other processes from using the folder until it is closed.
func lockFolder(folder *os.File) error {
	var err error
	for range 20 { // a child process that is being started may hold a former lock for a moment
		if err = syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("lock: %w", err)
}
