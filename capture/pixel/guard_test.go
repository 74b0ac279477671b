package pixel

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// guard is memory between two pages that nobody may touch. A read or write of one byte too many ends the test, also in the
// libraries' assembly. A camera's buffer may lie like that.
type guard struct{ room []byte }

func newGuard(t testing.TB, size int) *guard {
	t.Helper()
	page := os.Getpagesize()
	size = (size + page - 1) / page * page
	all, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(all) })
	for _, edge := range [][]byte{all[:page], all[page+size:]} {
		if err := unix.Mprotect(edge, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return &guard{all[page : page+size]}
}

// last is the last n bytes of it, first the first n.
func (g *guard) last(n int) []byte  { return g.room[len(g.room)-n:] }
func (g *guard) first(n int) []byte { return g.room[:n:n] }

// put copies data to either end.
func (g *guard) put(data []byte) (first, last []byte) {
	copy(g.first(len(data)), data)
	copy(g.last(len(data)), data)
	return g.first(len(data)), g.last(len(data))
}
