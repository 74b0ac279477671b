package pixel

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// After Wipe the process's memory holds nothing of any picture.
func TestWipeLeavesNothing(t *testing.T) {
	d := newDecoder(t, 64, 64)
	src, needle := make([]byte, 64*64), make([]byte, 256)
	for i := range src {
		src[i] = byte(rand.Uint32()) // another picture in each run: freed memory is not wiped
	}
	for i := range 64 { // pixels of RGBA; the needle itself is found once
		copy(needle[4*i:], []byte{src[i], src[i], src[i], 255})
	}
	dst := make([]byte, 3*64*64)
	f := Format{FourCC: Grey, Width: 64, Height: 64, FullRange: true}
	if err := d.Decode(dst, f, src); err != nil {
		t.Fatal(err)
	}
	if n := copies(t, needle); n < 2 {
		t.Fatalf("%d copies of the picture before Wipe: the test does not know where to look", n)
	}
	d.Wipe()
	if n := copies(t, needle); n != 1 {
		t.Errorf("%d copies are left", n-1)
	}
	if err := d.Decode(dst, f, src); err != nil || dst[0] != src[0] {
		t.Errorf("after Wipe: error %v", err)
	}
}

// copies counts the needle in all memory that this process can write to.
func copies(t *testing.T, needle []byte) (n int) {
	t.Helper()
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	chunk, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(chunk) }()
	own := int64(uintptr(unsafe.Pointer(&chunk[0])))
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(bytes.NewReader(maps)); s.Scan(); {
		var from, to int64
		if _, err := fmt.Sscanf(s.Text(), "%x-%x rw", &from, &to); err != nil || strings.HasSuffix(s.Text(), "[vvar]") {
			continue
		}
		for at := from; at < to; at += int64(len(chunk) - len(needle) + 1) {
			if at+int64(len(chunk)) > own && at < own+int64(len(chunk)) {
				continue // the search's own memory
			}
			got, _ := mem.ReadAt(chunk[:min(int64(len(chunk)), to-at)], at)
			n += bytes.Count(chunk[:got], needle)
		}
	}
	return n
}
