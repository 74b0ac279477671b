//go:build unix

package record

import "golang.org/x/sys/unix"

// allocate returns memory outside of Go's heap. In the heap tens of megabytes for pictures would let the garbage collector wait until as
// much garbage has come together. Pages that were never written take no memory.
func allocate(bytes int) []byte {
	memory, err := unix.Mmap(-1, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]byte, bytes)
	}
	return memory
}

// release gives back what allocate has returned.
func release(memory []byte) { _ = unix.Munmap(memory) } // it fails for memory of the heap, which the garbage collector gives back
