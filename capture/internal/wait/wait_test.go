package wait

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"edged/internal/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipe returns a pipe's ends and what waits for the first.
func pipe(t *testing.T) (r, w int, f *FD) {
	t.Helper()
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	f, err := New(ends[0], "pipe")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Close()
		unix.Close(ends[0])
	})
	return ends[0], ends[1], f
}

func TestWait(t *testing.T) {
	r, w, f := pipe(t)
	start := time.Now()
	if event, err := f.Wait(20 * time.Millisecond); event != TimedOut || err != nil {
		t.Errorf("nothing there: event %v, error %v; want TimedOut", event, err)
	}
	if took := time.Since(start); took < 20*time.Millisecond {
		t.Errorf("timed out after %v, want 20ms", took)
	}
	if event, err := f.Wait(-time.Second); event != TimedOut || err != nil {
		t.Errorf("deadline over: event %v, error %v; want TimedOut", event, err)
	}
	go func() {
		time.Sleep(10 * time.Millisecond)
		_, _ = unix.Write(w, []byte{1})
	}()
	// It stays ready until it has been read, and then is not.
	for range 3 {
		if event, err := f.Wait(time.Hour); event != Ready || err != nil {
			t.Errorf("readable: event %v, error %v; want Ready", event, err)
		}
	}
	if event, err := f.Wait(-time.Second); event != Ready || err != nil {
		t.Errorf("readable, deadline over: event %v, error %v; want Ready", event, err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = f.Wait(time.Hour) }); n != 0 {
		t.Errorf("%v allocations per Wait, want 0", n)
	}
	if _, err := unix.Read(r, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if event, err := f.Wait(time.Millisecond); event != TimedOut || err != nil {
		t.Errorf("read: event %v, error %v; want TimedOut", event, err)
	}
	unix.Close(w)
	if _, err := f.Wait(time.Hour); !errors.Is(err, unix.ENODEV) {
		t.Errorf("hung up: error %v, want ENODEV", err)
	}
}

// An error that has passed must not be reported for ever: the poller keeps it until there is another event.
func TestAnErrorPasses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(mode int) (fd int) {
		t.Helper()
		fd, err := unix.Open(path, mode|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	r, w := open(unix.O_RDONLY), open(unix.O_WRONLY)
	defer unix.Close(w)
	for n := 1; n > 0; { // full, it has nothing to report but errors
		n, _ = unix.Write(w, make([]byte, 1<<10))
	}
	f, err := New(w, "pipe")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	time.AfterFunc(10*time.Millisecond, func() { unix.Close(r) })
	if event, err := f.Wait(time.Hour); event != Ready || err != nil {
		t.Errorf("nobody reads: event %v, error %v; want Ready", event, err)
	}
	defer unix.Close(open(unix.O_RDONLY))
	if event, err := f.Wait(50 * time.Millisecond); event != TimedOut || err != nil {
		t.Errorf("the error has passed: event %v, error %v; want TimedOut", event, err)
	}
}

func TestInterrupt(t *testing.T) {
	_, w, f := pipe(t)
	defer unix.Close(w)
	done := make(chan Event)
	go func() {
		event, _ := f.Wait(time.Hour)
		done <- event
	}()
	f.Interrupt()
	if event := <-done; event != Interrupted {
		t.Errorf("event %v, want Interrupted", event)
	}
	if event, _ := f.Wait(time.Hour); event != Interrupted {
		t.Errorf("second Wait: event %v, want Interrupted", event)
	}
}

// A descriptor that epoll does not know must be refused, or nothing would ever wake up who waits for it.
func TestNewRefuses(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, fd := range map[string]int{"a regular file": int(file.Fd()), "no file": -1} {
		if f, err := New(fd, name); err == nil {
			f.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTimer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	timer, err := NewTimer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer timer.Close()
	for _, wait := range []time.Duration{20 * time.Millisecond, 0, -time.Hour, 5 * time.Millisecond} {
		due := clock.Monotonic() + wait
		if err := timer.Until(due); err != nil {
			t.Errorf("%v: %v", wait, err)
		}
		if now := clock.Monotonic(); now < due {
			t.Errorf("woken %v early", due-now)
		}
	}
	if n := testing.AllocsPerRun(100, func() { _ = timer.Until(clock.Monotonic() + time.Microsecond) }); n != 0 {
		t.Errorf("%v allocations per sleep, want 0", n)
	}
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := timer.Until(clock.Monotonic() + time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("context ended: %v", err)
	}
}

func TestNothingStaysOpen(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := count()
	for range 10 {
		timer, err := NewTimer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		timer.Close()
	}
	if after := count(); after > before+1 { // the poller's own
		t.Errorf("%d files open, %d before", after, before)
	}
}
