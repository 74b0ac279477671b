package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"edged/capture/internal/matroska"
	"edged/capture/pixel"
	"edged/internal/self"
)

// ffmpeg is a pass through a file that an ffmpeg child process decodes. ffmpeg writes each frame as 4:2:0 with square pixels,
// in Matroska, with the time that the file gives the frame: it drops, repeats and retimes nothing.
type ffmpeg struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	reader *matroska.Reader
	how    *invocation
	said   words

	last, step time.Duration // of the last frame: its time, and how much later it is than the one before
	ahead      []stamped     // frames that were read and not yet handed over
	ended      error         // how reading ended
}

type stamped struct {
	data  []byte
	stamp time.Duration
}

// startFFmpeg plays f, which is open as file: its first video stream that moves. A stream of one frame is cover art,
// even where the file does not say so.
func startFFmpeg(ctx context.Context, f *File, file *os.File, shapes []pixel.Format) (pass, error) {
	how, err := inspect(ctx, f, file, shapes)
	if err != nil {
		return nil, err
	}
	last := len(how.streams) - 1
	for _, stream := range how.streams[:last] {
		p, err := startStream(ctx, file, how, stream)
		if err != nil {
			return nil, err
		}
		if p.readAhead(); len(p.ahead) != 1 {
			return p, nil
		}
		_ = p.close()
	}
	return startStream(ctx, file, how, how.streams[last])
}

// startStream plays one stream of the file.
func startStream(ctx context.Context, file *os.File, how *invocation, stream string) (*ffmpeg, error) {
	ctx, cancel := context.WithCancel(ctx)
	f := &ffmpeg{cmd: ffmpegCommand(ctx, file, how.arguments(stream)...), cancel: cancel, how: how}
	f.cmd.Stderr = &f.said
	out, err := f.cmd.StdoutPipe()
	if err == nil {
		err = f.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	f.reader = matroska.NewReader(out)
	f.reader.Unit = 1 // Next returns the stamps as they are
	return f, nil
}

// ffmpegCommand makes the command without starting it. ffmpeg gets file as its descriptor 3.
func ffmpegCommand(ctx context.Context, file *os.File, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-nostdin", "-hide_banner"}, arguments...)...)
	if file != nil {
		cmd.ExtraFiles = []*os.File{file}
	}
	// Its own process group, so that what ffmpeg itself may start ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Env = self.Environment()
	cmd.WaitDelay = time.Second
	return cmd
}

// ffmpegName is the name by which ffmpeg opens the file. ffmpeg reads some names as patterns of many files: then it gets the file
// that is open as its descriptor 3. A playlist keeps its name, because it names other files from where it lies.
func ffmpegName(path string) string {
	if strings.ContainsAny(path, "%*?{[") {
		return "/proc/self/fd/3"
	}
	return path
}

func (f *ffmpeg) next() ([]byte, pixel.Format, time.Duration, error) {
	data, stamp, err := f.read()
	if err != nil {
		return nil, pixel.Format{}, 0, f.exitError(err)
	}
	t := frameTime(stamp) - f.how.zero
	f.last, f.step = t, t-f.last
	// As the filters make it. Some ffmpegs still write the file's own colours and rotation beside it.
	format := pixel.Format{FourCC: f.reader.FourCC, Width: f.reader.Width, Height: f.reader.Height}
	return data, format, t, nil
}

// readAhead reads the first two frames, or those that there are.
func (f *ffmpeg) readAhead() {
	for len(f.ahead) < 2 && f.ended == nil {
		data, stamp, err := f.reader.Next()
		if f.ended = err; err == nil {
			f.ahead = append(f.ahead, stamped{bytes.Clone(data), stamp})
		}
	}
}

// read returns the next frame, read ahead or not.
func (f *ffmpeg) read() ([]byte, time.Duration, error) {
	if len(f.ahead) > 0 {
		first := f.ahead[0]
		f.ahead = f.ahead[1:]
		return first.data, first.stamp, nil
	}
	if f.ended != nil {
		return nil, 0, f.ended
	}
	return f.reader.Next()
}

// exitError waits for ffmpeg to exit and tells the file's end from a failure. err is how reading ffmpeg's output ended; ffmpeg's
// exit status and last words say more.
func (f *ffmpeg) exitError(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err // ffmpeg may still be writing; close ends it
	}
	exit := f.cmd.Wait()
	text, lines := f.said.all()
	switch {
	case exit == nil && errors.Is(err, io.EOF) && text == "":
		return io.EOF
	case exit == nil && errors.Is(err, io.EOF): // it went on after an error, and left out what it could not read
		return damaged{fmt.Errorf("ffmpeg reported %d errors: %s", lines, text)}
	case exit != nil && text != "":
		return fmt.Errorf("ffmpeg failed (%w): %s", exit, text)
	case exit != nil:
		return fmt.Errorf("ffmpeg failed: %w", exit)
	}
	return fmt.Errorf("ffmpeg's output is cut off: %w", err)
}

// missing is how long the file goes on, by what it says itself, after its last picture has been shown.
func (f *ffmpeg) missing() time.Duration {
	return f.how.length - f.last - f.step
}

func (f *ffmpeg) timed() bool { return !f.how.untimed }

func (f *ffmpeg) close() error {
	f.cancel()
	if f.cmd.ProcessState != nil {
		return nil
	}
	return f.cmd.Wait()
}
