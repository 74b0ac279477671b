package capture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"edged/internal/testkit"
)

// ticks are what a Command's frames give a Sampler.
type ticks struct {
	inARow, longest int
	last            int64
	restarts        int
	sampler         *Sampler
}

// see takes a frame and returns whether so many ticks have come in a row, each by a frame of its own.
func (s *ticks) see(f *Frame, enough int) bool {
	if f.Restart {
		s.restarts++
		s.sampler.Reset()
	}
	tick, take := s.sampler.Take(f.Time)
	if !take {
		return false
	}
	s.inARow++
	if tick != s.last+1 {
		s.inARow = 0
	}
	s.last, s.longest = tick, max(s.longest, s.inARow)
	return s.inARow >= enough
}

// A program that collects frames and writes them in bursts gives windows like any other, with and without times in its stream.
func TestACommandThatWritesInBursts(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	const frame = 64 * 48 * 3 / 2
	source := "ffmpeg -nostdin -v error -re -f lavfi -i testsrc=s=64x48:r=16,format=yuv420p "
	collect := func(frames int) string {
		return fmt.Sprintf(" | dd status=none iflag=fullblock bs=%d", frames*(frame+6))
	}
	for name, c := range map[string]Command{
		"Y4M, every second":      {Line: source + "-f yuv4mpegpipe -" + collect(16)},
		"Y4M, every half second": {Line: source + "-f yuv4mpegpipe -" + collect(8)},
		"Matroska, every second": {Line: source + "-c:v rawvideo -f matroska -" + collect(16)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, enough := context.WithTimeout(t.Context(), time.Minute)
			defer enough()
			seen := ticks{sampler: NewSampler(8)}
			err := c.Run(ctx, showing(func(f *Frame) {
				if seen.see(f, 24) {
					enough()
				}
			}))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%d ticks in a row at most, %v; want 24", seen.longest, err)
			}
		})
	}
}

// A camera whose clock jumps by an hour goes on: no frame is repeated, and one gap separates the windows. The recipe is that of
// docs/cameras.md; ffmpeg listens in place of the camera.
func TestAnRTSPCameraWhoseClockJumps(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	address := fmt.Sprintf("rtsp://%s/x", testkit.FreeAddress(t))
	c := &Command{StallAfter: 20 * time.Second, Line: "ffmpeg -nostdin -loglevel error -rtsp_flags listen -rtsp_transport tcp -i " + address +
		" -an -vf scale=640:-2,format=yuv420p -enc_time_base 1:1000 -c:v rawvideo -f matroska -"}
	ctx, enough := context.WithTimeout(t.Context(), 2*time.Minute)
	defer enough()
	camera := sendRTSP(t, address, "setpts='PTS+gte(N,60)*3600/TB'")
	defer camera()
	seen := ticks{sampler: NewSampler(8)}
	frames := 0
	err := c.Run(ctx, showing(func(f *Frame) {
		frames++
		if seen.see(f, 24) && frames > 100 {
			enough()
		}
	}))
	if !errors.Is(err, context.Canceled) || seen.restarts != 2 || frames > 200 {
		t.Errorf("%d frames, %d restarts, %d ticks in a row, %v; want about 110 frames and 2 restarts", frames, seen.restarts, seen.longest, err)
	}
}

// sendRTSP starts a camera that sends to the address as soon as somebody listens there. The returned function ends it.
func sendRTSP(t *testing.T, address, filter string) (end func()) {
	t.Helper()
	passthrough, err := passthroughOption(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(address, "rtsp://"), "/")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil && !listens(host) {
			time.Sleep(50 * time.Millisecond)
		}
		cmd := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=s=320x240:r=15", "-vf", filter,
			"-g", "15", "-c:v", "mpeg4", passthrough, "passthrough", "-f", "rtsp", "-rtsp_transport", "tcp", address)
		_ = cmd.Run() // it is killed, or the listener goes away
	}()
	return func() {
		cancel()
		<-ended
	}
}

// listens says whether somebody listens, without connecting: ffmpeg accepts one connection only.
func listens(host string) bool {
	_, port, _ := strings.Cut(host, ":")
	number, err := strconv.ParseUint(port, 10, 16)
	table, _ := os.ReadFile("/proc/net/tcp")
	const anybody, listening = "00000000:0000", "0A"
	return err == nil && strings.Contains(string(table), fmt.Sprintf(":%04X %s %s", number, anybody, listening))
}
