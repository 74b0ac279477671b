package capture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"edged/capture/pixel"
	"edged/internal/testkit"
)

// watchCommand runs the command until it has given the wanted number of frames, or ends; it returns their formats and sizes.
func watchCommand(t *testing.T, c *Command, frames int) (seen []string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = c.Run(ctx, showing(func(f *Frame) {
		seen = append(seen, fmt.Sprintf("%v %d", f.Format, len(f.Data)))
		if len(seen) == frames {
			cancel()
		}
	}))
	if len(seen) < frames && errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%d frames of %d", len(seen), frames)
	}
	return seen, err
}

func TestCommandsStreamsAreRecognized(t *testing.T) {
	testkit.Slow(t)
	const generate = "ffmpeg -nostdin -loglevel error -f lavfi -i testsrc=size=64x48:rate=10 -frames:v 3 "
	for what, c := range map[string]struct {
		command Command
		want    string
	}{
		"JPEGs":     {Command{Line: generate + "-f mjpeg -"}, "MJPG"},
		"multipart": {Command{Line: generate + "-f mpjpeg -"}, "MJPG"},
		"Y4M":       {Command{Line: generate + "-pix_fmt yuv420p -f yuv4mpegpipe -"}, "YU12 64x48 4608"},
		"Matroska":  {Command{Line: generate + "-pix_fmt yuv420p -c:v rawvideo -f matroska -"}, "YU12 64x48 4608"},
		"bare": {Command{Line: generate + "-pix_fmt yuyv422 -f rawvideo -", FourCC: pixel.YUYV, Width: 64, Height: 48},
			"YUYV 64x48 6144"},
	} {
		t.Run(what, func(t *testing.T) {
			counters := new(Counters)
			c.command.Counters = counters
			seen, err := watchCommand(t, &c.command, 0)
			if !errors.Is(err, errExited) || FailureOf(err) != Exited {
				t.Errorf("ended with %v", err)
			}
			if len(seen) != 3 || counters.Frames.Load() != 3 {
				t.Fatalf("frames %q, counted %d, want 3", seen, counters.Frames.Load())
			}
			for _, s := range seen {
				if !strings.HasPrefix(s, c.want) {
					t.Errorf("frame is %s, want %s", s, c.want)
				}
			}
		})
	}
}

func TestCommandSaysWhyItEnded(t *testing.T) {
	for _, c := range []struct {
		line, want string
		failure    Failure
	}{
		{"echo no such camera >&2; exit 3", "the command ended (exit status 3): no such camera", Exited},
		{"exit 0", "the command ended", Exited},
		{"no-such-program", "exit status 127", Exited},
		{"head -c 1000 /dev/zero", "frames by format", OtherFailure},
		{"echo rtsp://me:secret@host/1 refused >&2", "rtsp://***@host/1 refused", Exited},
		{"printf 'YUV4MPEG2 W64 H48 F10:1 C420\\nFRAME\\nabc'", "in the middle of a frame", Exited},
		{"printf 'YUV4MPEG2 W64 H48 F10:1 C420\\nFRAME\\nabc'; exec sleep 60", "the command hangs: no frame for 300ms", Stalled},
		{"exec sleep 60", "the command hangs: no frame for 300ms", Stalled},
	} {
		patience := 20 * time.Second // a busy machine may take long to start a shell
		if c.failure == Stalled {
			patience = 300 * time.Millisecond
		}
		_, err := watchCommand(t, &Command{Line: c.line, StallAfter: patience}, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) || FailureOf(err) != c.failure {
			t.Errorf("%s: %v (%v), want %q (%v)", c.line, err, FailureOf(err), c.want, c.failure)
		}
		if strings.Contains(fmt.Sprint(err), "connection") {
			t.Errorf("no connection is known in %q", err)
		}
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("a password is in %q", err)
		}
	}
}

func TestCommandLeavesNoProcessBehind(t *testing.T) {
	testkit.Slow(t)
	for what, line := range map[string]string{
		"child":    "sleep 60 & echo $! >%s; wait",
		"stubborn": "trap '' TERM; sleep 60 & echo $! >%s; wait; wait",
	} {
		t.Run(what, func(t *testing.T) {
			pidFile := filepath.Join(t.TempDir(), "pid")
			_, err := watchCommand(t, &Command{Line: fmt.Sprintf(line, pidFile), StallAfter: 2 * time.Second}, 1)
			if FailureOf(err) != Stalled {
				t.Fatalf("ended with %v", err)
			}
			var pid int
			text, err := os.ReadFile(pidFile)
			if _, scanned := fmt.Sscan(string(text), &pid); err != nil || scanned != nil {
				t.Fatal(err, scanned)
			}
			for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("process %d still runs", pid)
				}
			}
		})
	}
}

// A shell ends at once and does not wait for what it runs: that must have its second to close the camera.
func TestWhatACommandLeavesBehindHasTimeToEnd(t *testing.T) {
	testkit.Slow(t)
	closed := filepath.Join(t.TempDir(), "closed")
	line := fmt.Sprintf(`sh -c 'trap "sleep 0.3; touch %s; exit" TERM; while :; do sleep 0.02; done' >/dev/null 2>&1 & wait`, closed)
	if _, err := watchCommand(t, &Command{Line: line, StallAfter: 2 * time.Second}, 1); FailureOf(err) != Stalled {
		t.Fatalf("ended with %v", err)
	}
	if _, err := os.Stat(closed); err != nil {
		t.Errorf("the program was killed before it could close the camera: %v", err)
	}
}

// A program that goes on writing in spite of SIGTERM must not hold up a reload or the end.
func TestCommandThatIgnoresSIGTERMEnds(t *testing.T) {
	testkit.Slow(t)
	const stubborn = `trap "" TERM; echo $$ >%s; while :; do head -c 6144 /dev/zero; sleep 0.01; done`
	for what, line := range map[string]string{
		"alone":             stubborn,
		"in a pipeline":     "sh -c '" + stubborn + "' | cat",
		"behind a pipeline": "cat /dev/null | sh -c '" + stubborn + "'",
	} {
		t.Run(what, func(t *testing.T) {
			pidFile := filepath.Join(t.TempDir(), "pid")
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			ended := make(chan error, 1)
			c := &Command{Line: fmt.Sprintf(line, pidFile), FourCC: pixel.YUYV, Width: 64, Height: 48}
			go func() {
				ended <- c.Run(ctx, showing(func(f *Frame) {
					if f.Restart {
						cancel()
						time.Sleep(100 * time.Millisecond) // a frame is being decoded when the end comes
					}
				}))
			}()
			<-ctx.Done()
			var pid int
			text, err := os.ReadFile(pidFile)
			if _, scanned := fmt.Sscan(string(text), &pid); err != nil || scanned != nil {
				t.Fatal(err, scanned)
			}
			select {
			case err := <-ended:
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			case <-time.After(10 * time.Second):
				t.Errorf("it is still being read")
				_ = unix.Kill(pid, unix.SIGKILL)
			}
			for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("process %d still runs", pid)
				}
			}
		})
	}
}

// alive says whether the process runs; one that nobody has waited for yet does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") && unix.Kill(pid, 0) == nil
}

func TestCommandIsStartedAgain(t *testing.T) {
	testkit.Slow(t)
	counters := new(Counters)
	line := "ffmpeg -nostdin -loglevel error -f lavfi -i testsrc=size=64x48:rate=10 -frames:v 2 -f mjpeg -"
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var restarts int
	c := &Camera{Source: &Command{Line: line, Counters: counters}, Counters: counters, Sink: showing(func(f *Frame) {
		if f.Restart {
			restarts++
		}
		if restarts == 3 {
			cancel()
		}
	})}
	if err := c.Run(ctx); !errors.Is(err, context.Canceled) || counters.Failed[Exited].Load() != 2 {
		t.Errorf("%v after %d starts and %d ends", err, restarts, counters.Failed[Exited].Load())
	}
}

func TestPatternMovesAndComesInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var times []time.Duration
	var different int
	var before []byte
	err := (&Pattern{FrameRate: 100}).Run(ctx, showing(func(f *Frame) {
		times = append(times, f.Time)
		if f.Format.Bytes() != len(f.Data) || f.Restart != (len(times) == 1) {
			t.Errorf("frame %d: %v, %d bytes, restart %v", f.Sequence, f.Format, len(f.Data), f.Restart)
		}
		if string(before) != string(f.Data) {
			different++
		}
		before = append(before[:0], f.Data...)
		if len(times) == 20 {
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if step := times[19] - times[0]; step != 190*time.Millisecond {
		t.Errorf("20 frames at 100 a second span %v", step)
	}
	if different < 15 {
		t.Errorf("%d of 20 pictures differ from the one before", different)
	}
}
