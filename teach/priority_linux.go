package teach

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// lowPriority gives the calling goroutine a thread of its own with the lowest priority: learning must not delay a window.
func lowPriority() {
	runtime.LockOSThread()                                     // never unlocked: the thread ends with the goroutine
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 19) // without it, learning is only less polite
}
