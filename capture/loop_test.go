package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"edged/capture/internal/device"
	"edged/capture/internal/wait"
	"edged/internal/clock"
)

// fakeStream hands out the buffers of its script and then ends with its error, or with an interruption where there is none.
type fakeStream struct {
	script  []device.Buffer
	waitErr error
	dequErr error
	emptyAt []int // buffers left at which the next Dequeue finds none, once
	queued  []int
	stalls  bool // the script is followed by silence
}

func (s *fakeStream) Wait(timeout time.Duration) (wait.Event, error) {
	ready := len(s.script) > 0 || s.dequErr != nil
	switch {
	case ready:
		return wait.Ready, nil
	case s.stalls:
		time.Sleep(max(timeout, 0))
		return wait.TimedOut, nil
	case s.waitErr != nil:
		return 0, s.waitErr
	}
	return wait.Interrupted, nil
}

func (s *fakeStream) Dequeue(b *device.Buffer) error {
	if len(s.emptyAt) > 0 && s.emptyAt[0] == len(s.script) {
		s.emptyAt = s.emptyAt[1:]
		return dequeue(unix.EAGAIN)
	}
	if len(s.script) == 0 {
		return s.dequErr
	}
	*b, s.script = s.script[0], s.script[1:]
	return nil
}

func (s *fakeStream) Memory(b *device.Buffer) []byte { return make([]byte, b.Used) }

func (s *fakeStream) Queue(index int) error {
	s.queued = append(s.queued, index)
	return nil
}

func dequeue(errno unix.Errno) error {
	return &device.Error{Path: "/dev/video0", Op: "DQBUF", Err: errno}
}

// A poll that was interrupted announces a frame that is not there: the loop continues.
func TestLoopLooksAgain(t *testing.T) {
	s := &fakeStream{script: make([]device.Buffer, 4), emptyAt: []int{4, 2, 2, 2, 1}}
	for i := range s.script {
		s.script[i] = device.Buffer{Used: 1, Sequence: uint32(i)}
	}
	frames := 0
	l := loop{stream: s, sink: showing(func(*Frame) { frames++ })}
	if err := l.run(); !errors.Is(err, context.Canceled) || frames != 4 {
		t.Errorf("%d frames of 4, error %v", frames, err)
	}
}

func TestLoopDropsAndRequeues(t *testing.T) {
	taken := clock.Monotonic() - time.Second
	s := &fakeStream{script: []device.Buffer{
		{Index: 3, Used: 10, Sequence: 6, Damaged: true},
		{Index: 0, Used: 10, Sequence: 7, Time: taken},
		{Index: 1, Used: 10, Sequence: 8, Damaged: true},
		{Index: 2, Used: 0, Sequence: 9},
		{Index: 3, Used: 20, Sequence: 12, Time: taken + 1}, // 10 and 11 were lost
		{Index: 0, Used: 5, Sequence: 13},                   // it has no clock that we know
	}}
	total, counters := len(s.script), new(Counters)
	var frames []Frame
	l := loop{stream: s, stallAfter: time.Hour, counters: counters, sink: showing(func(f *Frame) {
		if handedOut := total - len(s.script); len(s.queued) != handedOut-1 {
			t.Errorf("frame %d: %d of %d buffers given back before the sink had it", f.Sequence, len(s.queued), handedOut)
		}
		frames = append(frames, *f)
	})}
	before := clock.Monotonic()
	if err := l.run(); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
	if !slices.Equal(s.queued, []int{3, 0, 1, 2, 3, 0}) {
		t.Errorf("buffers given back: %v, want all in order", s.queued)
	}
	if len(frames) != 3 || frames[0].Sequence != 7 || len(frames[1].Data) != 20 || frames[1].Time != taken+1 {
		t.Errorf("frames %v", frames)
	}
	if !frames[0].Restart || frames[1].Restart || frames[2].Restart {
		t.Error("Restart is for the first frame alone")
	}
	if frames[2].Time < before || frames[2].Time > clock.Monotonic() {
		t.Errorf("frame without a time got %v, want the time of the call", frames[2].Time)
	}
	got := fmt.Sprint(counters.Frames.Load(), counters.Flagged.Load(), counters.Empty.Load(), counters.Lost.Load())
	if got != "3 2 1 2" {
		t.Errorf("frames, flagged, empty, lost: %s, want 3 2 1 2", got)
	}
}

// A driver's time that cannot be right gives way to the time of arrival, for good: the two do not mix. It is logged once.
func TestLoopTimes(t *testing.T) {
	const frame = 33 * time.Millisecond
	now := clock.Monotonic()
	for _, c := range []struct {
		name     string
		times    []time.Duration
		mistimed uint64
	}{
		{"as it should be", []time.Duration{now - 3*frame, now - 2*frame, now - frame}, 0},
		{"a frame ahead", []time.Duration{now + frame/2, now + frame*3/2, now + frame*5/2}, 0},
		{"waited for us", []time.Duration{now - 3*frame, now - 3*frame + 1, now - frame}, 0},
		{"back", []time.Duration{now - 3*frame, now - 4*frame, now - 2*frame, now - frame}, 3},
		{"the same", []time.Duration{now - 3*frame, now - 3*frame, now - frame}, 2},
		{"ahead", []time.Duration{now - 3*frame, now + time.Hour, now - frame}, 2},
		{"another clock's", []time.Duration{time.Millisecond, time.Millisecond + frame}, 2},
		{"negative", []time.Duration{-time.Hour, -time.Hour + frame}, 2},
		{"none", []time.Duration{0, 0, 0}, 0},
	} {
		var buffers []device.Buffer
		for i, stamp := range c.times {
			buffers = append(buffers, device.Buffer{Used: 1, Sequence: uint32(i), Time: stamp})
		}
		var log bytes.Buffer
		var frames []time.Duration
		counters := new(Counters)
		l := loop{
			stream: &fakeStream{script: buffers}, counters: counters, log: slog.New(slog.NewTextHandler(&log, nil)),
			sink: showing(func(f *Frame) { frames = append(frames, f.Time) }),
		}
		if err := l.run(); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if n := counters.Mistimed.Load(); n != c.mistimed {
			t.Errorf("%s: %d mistimed, want %d", c.name, n, c.mistimed)
		}
		if n := strings.Count(log.String(), "\n"); n != min(1, int(c.mistimed)) {
			t.Errorf("%s: logged %d times: %s", c.name, n, &log)
		}
		for i, f := range frames {
			if f > clock.Monotonic()+aheadTime || i > 0 && f <= frames[i-1] {
				t.Errorf("%s: frames at %v", c.name, frames)
			}
		}
	}
}

func TestLoopSequenceWraps(t *testing.T) {
	counters := new(Counters)
	l := loop{counters: counters, sink: ignore, stream: &fakeStream{script: []device.Buffer{
		{Used: 1, Sequence: 1<<32 - 1}, {Used: 1, Sequence: 1}, // 0 was lost
		{Used: 1, Sequence: 1}, {Used: 1, Sequence: 0}, // a driver that counts anew has lost nothing
	}}}
	if err := l.run(); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if n := counters.Lost.Load(); n != 1 {
		t.Errorf("%d frames lost, want 1", n)
	}
}

func TestLoopEnds(t *testing.T) {
	damaged := slices.Repeat([]device.Buffer{{Used: 1, Damaged: true}}, 3)
	for _, c := range []struct {
		name   string
		stream *fakeStream
		want   unix.Errno
		text   string
	}{
		{"poll hangs up", &fakeStream{waitErr: &device.Error{Path: "/dev/video0", Op: "poll", Err: unix.ENODEV}}, unix.ENODEV, "the camera was unplugged"},
		{"unplugged", &fakeStream{dequErr: dequeue(unix.ENODEV)}, unix.ENODEV, "the camera was unplugged"},
		{"driver unbound", &fakeStream{dequErr: dequeue(unix.EINVAL)}, unix.ENODEV, "the camera was unplugged"},
		{"poll error, no frame", &fakeStream{dequErr: dequeue(unix.EAGAIN)}, unix.ENODEV, "the camera was unplugged"},
		{"driver gives up", &fakeStream{dequErr: dequeue(unix.EIO)}, unix.EIO, "EIO"},
		{"silence", &fakeStream{stalls: true}, unix.ETIMEDOUT, "no good frame for 100ms"},
		{"silence after damage", &fakeStream{script: damaged, stalls: true}, unix.ETIMEDOUT, "no good frame for 100ms"},
	} {
		l := loop{stream: c.stream, path: "/dev/video0", stallAfter: 100 * time.Millisecond, sink: ignore}
		err := l.run()
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || !strings.HasPrefix(err.Error(), "/dev/video0: ") {
			t.Errorf("%s: error %v, want %v with %q", c.name, err, c.want, c.text)
		}
	}
}

// endless is a stream that is always ready and allocates nothing itself.
type endless struct {
	memory []byte
	left   int
}

func (s *endless) Wait(time.Duration) (wait.Event, error) {
	if s.left--; s.left < 0 {
		return wait.Interrupted, nil
	}
	return wait.Ready, nil
}

func (s *endless) Dequeue(b *device.Buffer) error {
	*b = device.Buffer{Used: len(s.memory), Sequence: b.Sequence + 1}
	return nil
}
func (s *endless) Memory(*device.Buffer) []byte { return s.memory }
func (s *endless) Queue(int) error              { return nil }

func TestLoopAllocatesNothing(t *testing.T) {
	s := &endless{memory: make([]byte, 100)}
	l := loop{stream: s, counters: new(Counters), stallAfter: time.Second, sink: ignore}
	if n := testing.AllocsPerRun(100, func() { s.left = 10; _ = l.run() }); n != 0 {
		t.Errorf("%v allocations for 10 frames, want 0", n)
	}
}
