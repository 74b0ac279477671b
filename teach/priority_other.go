//go:build !linux

package teach

// lowPriority does nothing: the daemon runs on Linux.
func lowPriority() {}
