package record

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"edged/internal/pictures"
)

func put(r *ring, n int, at time.Duration, size int) {
	r.Picture(pictures.Picture{JPEG: bytes.Repeat([]byte{byte(n)}, size), Time: at})
}

// contents returns the first byte of every picture from the time given, and checks that each holds nothing else.
func contents(t *testing.T, r *ring, from time.Duration) (all []byte) {
	t.Helper()
	in := r.read(from)
	defer in.close()
	for {
		e, s := in.peek()
		if s != got {
			return all
		}
		b, s := in.append(nil, e)
		if s != got {
			continue
		}
		if bytes.Count(b, b[:1]) != len(b) {
			t.Fatalf("picture %d is mixed with another one", e.n)
		}
		all = append(all, b[0])
	}
}

func TestRingKeepsTheSecondsAskedFor(t *testing.T) {
	r := newRing(1<<20, time.Second, 0)
	for n := range 200 {
		put(r, n, time.Duration(n)*100*time.Millisecond, 1000+n)
	}
	if got := contents(t, r, 0); len(got) != 11 || got[0] != 189 || got[10] != 199 {
		t.Errorf("%v, want the last second: 189 to 199", got)
	}
	if got := contents(t, r, 19_650*time.Millisecond); len(got) != 3 {
		t.Errorf("%v, want the pictures from 19.7 s on", got)
	}
	if held, squeezed := r.span(); held != time.Second || squeezed {
		t.Errorf("%v held, squeezed %t", held, squeezed)
	}
	if r.used > 30_000 {
		t.Errorf("%d bytes of memory were touched for 11 pictures of 1.2 kB", r.used)
	}
}

// A camera that was slow for a while, and then is fast again, needs more memory at once. It is there.
func TestRingGrowsWithTheRate(t *testing.T) {
	r := newRing(1<<20, 10*time.Second, 0)
	at := time.Duration(0)
	for n := range 2000 {
		interval := time.Second / 2
		if n/100%2 == 1 {
			interval = time.Second / 20
		}
		at += interval
		put(r, n, at, 2000+n%7*100)
		held, squeezed := r.span()
		if squeezed || n > 100 && held < 10*time.Second-interval-time.Second/2 {
			t.Fatalf("picture %d: %v held, squeezed %t, though memory has room", n, held, squeezed)
		}
	}
	if r.lost() != 0 || r.used > 1<<20 {
		t.Errorf("%d found no room, %d bytes used", r.lost(), r.used)
	}
	contents(t, r, 0) // none is mixed with another one
}

func TestRingIsBoundedByItsMemory(t *testing.T) {
	r := newRing(10_000, time.Minute, 0)
	for n := range 100 {
		put(r, n, time.Duration(n)*time.Second/10, 900+n%3*50)
		if got := contents(t, r, 0); len(got) > 11 || got[len(got)-1] != byte(n) {
			t.Fatalf("after %d: %v", n, got)
		}
	}
	if held, squeezed := r.span(); held < 800*time.Millisecond || !squeezed {
		t.Errorf("%v held, squeezed %t; want what fits, and that it is said", held, squeezed)
	}
	put(r, 1, time.Hour, 10_001)
	if r.lost() != 1 {
		t.Error("a picture larger than all memory is not counted")
	}
}

// While a clip is being written no picture leaves by age, and those that the writer was too slow for are counted.
func TestSlowReaderLosesTheOldestPictures(t *testing.T) {
	r := newRing(10_000, time.Second, 0)
	put(r, 0, 0, 1000)
	in := r.read(0)
	defer in.close()
	for n := range 9 {
		put(r, n+1, time.Duration(n+1)*time.Minute, 1000)
	}
	if e, s := in.peek(); s != got || e.n != 0 {
		t.Errorf("picture %d, state %d; want the first one, however old", e.n, s)
	}
	for n := range 5 {
		put(r, n+10, time.Hour+time.Duration(n)*time.Minute, 1000)
	}
	if e, s := in.peek(); s != got || e.n != 5 || in.lost != 5 {
		t.Errorf("picture %d, state %d, %d lost; want the sixth, and 5 lost", e.n, s, in.lost)
	}
}

// A long clip takes no more memory than a short one: pictures that it has read make room by age.
func TestPicturesThatWereReadMakeRoom(t *testing.T) {
	r := newRing(100_000, time.Second, 0)
	in := r.read(0)
	defer in.close()
	var buffer []byte
	for n := range 500 {
		put(r, n, time.Duration(n)*time.Second/10, 900)
		e, s := in.peek()
		if s != got || e.n != uint64(n) {
			t.Fatalf("picture %d: %+v, state %d", n, e, s)
		}
		if again, s := in.copy(e); s != got || again[0] != byte(n) {
			t.Fatalf("copy of picture %d: state %d", n, s)
		}
		if buffer, s = in.append(buffer[:0], e); s != got || buffer[0] != byte(n) {
			t.Fatalf("picture %d: state %d", n, s)
		}
	}
	if r.used > 13*900 || in.lost > 0 {
		t.Errorf("%d bytes of memory were used for a second of ten pictures of 900 bytes; %d pictures lost", r.used, in.lost)
	}
}

func TestPinnedPictureIsNeverOverwritten(t *testing.T) {
	r := newRing(10_000, time.Second, 0)
	for n := range 10 {
		put(r, n, time.Duration(n)*time.Second/10, 1000)
	}
	r.at(r.first).pins++
	for n := range 20 {
		put(r, 100+n, time.Second+time.Duration(n)*time.Second/10, 1000)
	}
	if e := r.at(r.first); e.n != 0 || r.memory[e.offset] != 0 || r.lost() != 20 {
		t.Errorf("picture %d, byte %d, %d refused", e.n, r.memory[e.offset], r.lost())
	}
}

func TestWipeLeavesNothing(t *testing.T) {
	r := newRing(10_000, time.Second, 0)
	for n := range 25 { // some are expired, and overwritten in part
		put(r, n+1, time.Duration(n)*time.Second/10, 900)
	}
	in := r.read(0)
	defer in.close()
	r.Wipe()
	if !bytes.Equal(r.memory, make([]byte, len(r.memory))) {
		t.Error("something of a picture is left")
	}
	if _, s := in.peek(); s != wiped {
		t.Errorf("a clip that is being written finds state %d, want wiped", s)
	}
	in.resume()
	put(r, 7, time.Minute, 900)
	if e, s := in.peek(); s != got || e.at != time.Minute {
		t.Errorf("after the wipe: %+v, state %d", e, s)
	}
}

func TestWipeWhileAPictureIsBeingRead(t *testing.T) {
	r := newRing(10_000, time.Second, 0)
	for n := range 5 {
		put(r, n+1, time.Duration(n)*time.Second/10, 900)
	}
	r.at(2).pins = 2 // as append does while it copies, for two clips
	for range 2 {
		r.Wipe()
		if !bytes.Equal(r.memory[:1800], make([]byte, 1800)) || r.memory[1800] != 3 || !bytes.Equal(r.memory[2700:], make([]byte, len(r.memory)-2700)) {
			t.Error("want all erased but the picture that is being read")
		}
	}
	for n := range 20 {
		put(r, 9, time.Second+time.Duration(n), 900)
		if r.memory[1800] != 3 {
			t.Fatal("a new picture went where the old one is still being read")
		}
	}
	r.unblock(2)
	if r.memory[1800] != 3 {
		t.Error("the picture is erased while another clip reads it")
	}
	if r.unblock(2); r.memory[1800] != 0 || len(r.blocked) != 0 {
		t.Error("the picture is not erased after it was read")
	}
}

// The garbage collector waits until there is as much garbage as memory in use: the memory for pictures must not count.
func TestPicturesAreOutsideOfTheHeap(t *testing.T) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := newRing(256<<20, time.Second, 0)
	put(r, 1, 0, 900)
	runtime.ReadMemStats(&after)
	if grown := int(after.HeapAlloc) - int(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap grows by %d MB", grown>>20)
	}
	runtime.KeepAlive(r)
}

// Every reload makes new rings. The memory of the old ones is given back.
func TestMemoryOfOldRingsIsGivenBack(t *testing.T) {
	const rings, size = 20, 64 << 20
	before := addressSpace(t)
	for range rings {
		put(newRing(size, time.Second, 0), 1, 0, 900)
	}
	for deadline := time.Now().Add(eventually); addressSpace(t)-before > 3*size; time.Sleep(time.Millisecond) {
		if runtime.GC(); time.Now().After(deadline) {
			t.Fatalf("%d MB are still taken", (addressSpace(t)-before)>>20)
		}
	}
}

// addressSpace is how many bytes this process has mapped.
func addressSpace(t *testing.T) int {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[0])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// A camera that sends no more leaves nothing in memory once its pictures are too old for any clip.
func TestPicturesOfASilentCameraAreErased(t *testing.T) {
	r := newRing(10_000, time.Second, 0)
	for n := range 5 {
		put(r, n+1, time.Duration(n)*time.Second/10, 900)
	}
	last := 400 * time.Millisecond
	r.eraseOld(last + time.Second)
	if e := r.at(r.first); r.first == r.next || r.memory[e.offset] == 0 {
		t.Fatal("pictures that a clip may still need are erased")
	}
	in := r.read(0)
	r.eraseOld(last + time.Minute)
	if _, s := in.peek(); s != got {
		t.Error("pictures that a clip reads are erased")
	}
	in.close()
	r.eraseOld(last + time.Minute)
	if !bytes.Equal(r.memory, make([]byte, len(r.memory))) {
		t.Error("something of a picture is left")
	}
	put(r, 7, time.Hour, 900)
	if e := r.at(r.first); r.next-r.first != 1 || r.memory[e.offset] != 7 {
		t.Error("the ring does not go on")
	}
}

func TestRingAllocatesNothing(t *testing.T) {
	r := newRing(1<<20, time.Second, 0)
	p := pictures.Picture{JPEG: make([]byte, 30_000)}
	if n := testing.AllocsPerRun(1000, func() {
		p.Time += time.Second / 30
		r.Picture(p)
	}); n != 0 {
		t.Errorf("%v allocations a picture", n)
	}
}
