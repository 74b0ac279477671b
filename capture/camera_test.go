package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// fakeSource runs as its script says, one entry for each run. After the script it repeats the last entry.
type fakeSource struct {
	script []fakeRun
	opened []time.Duration // when each run began, since the first
	start  time.Time
	state  func() string
}

type fakeRun struct {
	hangs time.Duration // at first, without a frame
	lasts time.Duration // with a frame every 100 ms
	ends  error
}

func (s *fakeSource) String() string { return "fake:" }

func (s *fakeSource) State() string {
	if s.state == nil {
		return ""
	}
	return s.state()
}

func (s *fakeSource) Details() []any { return []any{"mode", "fake mode"} }

func (s *fakeSource) Run(ctx context.Context, sink Sink) error {
	if s.start.IsZero() {
		s.start = time.Now()
	}
	l := s.script[min(len(s.opened), len(s.script)-1)]
	s.opened = append(s.opened, time.Since(s.start))
	time.Sleep(l.hangs)
	for began := time.Now(); time.Since(began) < l.lasts; {
		sink(&Frame{Restart: time.Since(began) == 0})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return l.ends
}

// supervise runs a Camera over s for so long in fake time and returns what OnStatus and the log were told.
func supervise(t *testing.T, s *fakeSource, lasts time.Duration) (statuses []string, log string, counters *Counters, err error) {
	t.Helper()
	var text bytes.Buffer
	counters = new(Counters)
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	c := &Camera{
		Source:   s,
		Sink:     ignore,
		Counters: counters,
		Log:      slog.New(slog.NewTextHandler(&text, nil)),
		OnStatus: func(online bool, reason error) { statuses = append(statuses, fmt.Sprintf("%v %v", online, reason)) },
	}
	err = c.Run(ctx)
	return statuses, text.String(), counters, err
}

func TestCameraReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := fmt.Errorf("capture: %w", unix.ENODEV)
		s := &fakeSource{script: []fakeRun{{0, 0, unix.EBUSY}, {0, 0, unix.EBUSY}, {0, 20 * time.Second, gone}, {0, 0, gone}, {0, time.Hour, nil}}}
		statuses, log, counters, err := supervise(t, s, time.Minute)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		want := []string{"false device or resource busy", "true <nil>", "false capture: no such device", "true <nil>"}
		if fmt.Sprint(statuses) != fmt.Sprint(want) {
			t.Errorf("statuses %q, want %q", statuses, want)
		}
		if n := strings.Count(log, "camera offline"); n != 2 {
			t.Errorf("offline logged %d times, want 2:\n%s", n, log)
		}
		if n := counters.Failed[Busy].Load(); n != 2 {
			t.Errorf("%d busy failures counted, want 2", n)
		}
		if n := counters.Failed[Unplugged].Load(); n != 2 {
			t.Errorf("%d unplugged failures counted, want 2", n)
		}
		if n := counters.Attempts.Load(); n != 5 {
			t.Errorf("%d attempts counted, want 5", n)
		}
		// After 20 good seconds the pauses are short again.
		if pause := s.opened[3] - (s.opened[2] + 20*time.Second); pause > firstPause {
			t.Errorf("pause of %v after a healthy run, want at most %v", pause, firstPause)
		}
	})
}

func TestCameraBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// It dies with its first frame, every time.
		s := &fakeSource{script: []fakeRun{{0, time.Nanosecond, unix.EIO}}}
		_, _, counters, err := supervise(t, s, 10*time.Minute)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		for i := 1; i < len(s.opened); i++ {
			most := min(firstPause<<min(i-1, 8), LongestPause)
			pause := s.opened[i] - s.opened[i-1] - 100*time.Millisecond
			if pause < most/2 || pause > most {
				t.Errorf("pause %d is %v, want %v to %v", i, pause, most/2, most)
			}
		}
		n := len(s.opened)
		if n < 60 || n > 140 {
			t.Errorf("%d attempts in 10 minutes", n)
		}
		if counted := counters.Attempts.Load(); counted != uint64(n) {
			t.Errorf("%d attempts counted of %d", counted, n)
		}
	})
}

// A program that hangs for as long as a good run lasts has not worked.
func TestCameraBacksOffWhereNothingWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &plainSource{fakeSource{script: []fakeRun{{hangs: healthyAfter, ends: unix.ETIMEDOUT}}}}
		c := &Camera{Source: s, Sink: ignore}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_ = c.Run(ctx)
		if n := len(s.fake.opened); n < 30 || n > 45 {
			t.Errorf("%d attempts in 10 minutes, want one every 15 to 20 s", n)
		}
		for i := 7; i < len(s.fake.opened); i++ {
			if pause := s.fake.opened[i] - s.fake.opened[i-1] - healthyAfter; pause < LongestPause/2 {
				t.Errorf("pause %d is %v, want at least %v", i, pause, LongestPause/2)
			}
		}
	})
}

// plainSource is no device of this machine.
type plainSource struct{ fake fakeSource }

func (s *plainSource) String() string                           { return s.fake.String() }
func (s *plainSource) Run(ctx context.Context, sink Sink) error { return s.fake.Run(ctx, sink) }

// What was before the machine was suspended and what is after it are two scenes, however close their frames' times.
func TestASuspendIsAGap(t *testing.T) {
	defer func(old func() time.Duration) { suspended = old }(suspended)
	synctest.Test(t, func(t *testing.T) {
		slept := time.Hour
		suspended = func() time.Duration { return slept }
		var restarts []int
		n := 0
		c := &Camera{Source: &fakeSource{script: []fakeRun{{lasts: time.Second, ends: io.EOF}}}, Sink: showing(func(f *Frame) {
			if f.Restart {
				restarts = append(restarts, n)
			}
			switch n++; n {
			case 3:
				slept += 10 * time.Millisecond // the readings' own error
			case 5:
				slept += 2 * time.Second
			}
		})}
		_ = c.Run(t.Context())
		if fmt.Sprint(restarts) != "[0 5]" {
			t.Errorf("restarts at %v, want 0 and 5", restarts)
		}
	})
}

// A device that gives nothing is asked often, whatever it says: nothing tells when another program has left it.
func TestCameraAsksADeviceOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSource{script: []fakeRun{{0, 0, unix.EBUSY}}}
		statuses, log, _, _ := supervise(t, s, 10*time.Minute)
		if n := len(s.opened); n < 235 || n > 250 {
			t.Errorf("%d attempts in 10 minutes, want one every %v", n, devicePause)
		}
		for i := 1; i < len(s.opened); i++ {
			if pause := s.opened[i] - s.opened[i-1]; pause > devicePause {
				t.Errorf("pause %d is %v, want at most %v", i, pause, devicePause)
			}
		}
		if len(statuses) != 1 || strings.Count(log, "\n") != 1 {
			t.Errorf("told %q, logged\n%s", statuses, log)
		}
	})
}

// Who plugs the camera in again and lacks the right to open it must read that, not that it is gone.
func TestCameraTellsAnotherReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSource{script: []fakeRun{
			{0, 0, unix.ENODEV}, {0, 0, unix.EACCES}, {0, 0, unix.ENOENT}, // refused once: udev was not there yet
			{0, 0, unix.EACCES}, {0, 0, unix.EACCES}, {0, 0, unix.EACCES}, {0, time.Hour, nil},
		}}
		statuses, log, _, _ := supervise(t, s, time.Minute)
		want := []string{"false no such device", "false permission denied", "true <nil>"}
		if fmt.Sprint(statuses) != fmt.Sprint(want) {
			t.Errorf("statuses %q, want %q", statuses, want)
		}
		if !strings.Contains(log, `msg="camera online" source=fake: mode="fake mode"`) {
			t.Errorf("what the camera is set to is not logged:\n%s", log)
		}
	})
}

func TestCameraNoticesReplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &fakeSource{script: []fakeRun{{0, 0, unix.ENODEV}}}
		plugged := 5*time.Minute + 123*time.Millisecond
		s.state = func() string {
			if time.Since(start) >= plugged {
				return "/dev/video0"
			}
			return ""
		}
		if _, _, _, err := supervise(t, s, 6*time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		for _, opened := range s.opened {
			if opened >= plugged {
				if late := opened - plugged; late > lookInterval {
					t.Errorf("opened %v after the plug, want at most %v", late, lookInterval)
				}
				return
			}
		}
		t.Error("never opened again")
	})
}

func TestCameraEndsWithFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSource{script: []fakeRun{{0, time.Second, io.EOF}}}
		statuses, _, _, err := supervise(t, s, time.Hour)
		if !errors.Is(err, io.EOF) || len(s.opened) != 1 || len(statuses) != 1 {
			t.Errorf("error %v after %d runs, statuses %q; want io.EOF after one", err, len(s.opened), statuses)
		}
	})
}

func TestCameraEndsInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := &Camera{Source: &fakeSource{script: []fakeRun{{0, 0, unix.EBUSY}}}, Sink: ignore}
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		cancelled := time.Now()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || time.Since(cancelled) != 0 {
			t.Errorf("error %v, %v after the end of its context", err, time.Since(cancelled))
		}
	})
}

func TestFailureOf(t *testing.T) {
	for err, want := range map[error]Failure{
		unix.ENODEV: Unplugged, unix.ENOENT: Unplugged, unix.EBUSY: Busy, unix.EACCES: Denied, unix.ENOSPC: NoBandwidth,
		unix.ETIMEDOUT: Stalled, unix.EIO: OtherFailure, io.ErrUnexpectedEOF: OtherFailure,
		fmt.Errorf("capture: /dev/video0: %w", unix.EBUSY): Busy,
	} {
		if got := FailureOf(err); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
}
