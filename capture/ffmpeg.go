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
	"sync"
	"syscall"
	"time"

	"edged/capture/internal/matroska"
	"edged/capture/pixel"
	"edged/internal/self"
)

// ffmpeg is a pass through a file that an ffmpeg child process decodes.
//
// It writes 4:2:0 frames in Matroska, because that carries each frame's own time: nothing is dropped, doubled or retimed,
// whatever the file's rate, constant or not. Its times are whole milliseconds.
type ffmpeg struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	reader *matroska.Reader
	errors tail
}

// startFFmpeg plays the file at path, which is open as file.
func startFFmpeg(ctx context.Context, path string, file *os.File) (pass, error) {
	ctx, cancel := context.WithCancel(ctx)
	f := &ffmpeg{cancel: cancel}
	f.cmd = exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error",
		// A playlist must not make it open anything but files, nor a name be taken for an address.
		"-protocol_whitelist", "file,pipe", "-i", "file:"+ffmpegName(path),
		"-map", "0:v:0", "-vsync", "passthrough",
		"-vf", "scale=out_color_matrix=bt601:out_range=limited,format=yuv420p",
		"-c:v", "rawvideo", "-f", "matroska", "pipe:1")
	// Its own process group, so that what ffmpeg itself may start ends with it.
	f.cmd.ExtraFiles = []*os.File{file}
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	f.cmd.Cancel = func() error { return syscall.Kill(-f.cmd.Process.Pid, syscall.SIGKILL) }
	f.cmd.Env = self.Environment()
	f.cmd.Stderr = &f.errors
	f.cmd.WaitDelay = time.Second
	out, err := f.cmd.StdoutPipe()
	if err == nil {
		err = f.cmd.Start()
	}
	if err != nil {
		cancel()
		if errors.Is(err, exec.ErrNotFound) {
			err = errors.New("neither JPEGs nor Y4M, and ffmpeg, which reads the rest, is not installed (apt-get install ffmpeg)")
		}
		return nil, err
	}
	f.reader = matroska.NewReader(out)
	return f, nil
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
	data, t, err := f.reader.Next()
	if err != nil {
		return nil, pixel.Format{}, 0, f.ended(err)
	}
	return data, pixel.Format{FourCC: pixel.YUV420, Width: f.reader.Width, Height: f.reader.Height}, t, nil
}

// ended tells a file's end from a failure: ffmpeg's exit status and last words say more than where its output stopped.
func (f *ffmpeg) ended(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err // it may still be writing; close ends it
	}
	waited := f.cmd.Wait()
	if waited == nil && errors.Is(err, io.EOF) {
		return io.EOF
	}
	if waited != nil {
		err = fmt.Errorf("ffmpeg: %w", waited)
	}
	if words := f.errors.String(); words != "" {
		return fmt.Errorf("%w: %s", err, words)
	}
	return err
}

func (f *ffmpeg) close() error {
	f.cancel()
	if f.cmd.ProcessState != nil {
		return nil
	}
	return f.cmd.Wait()
}

// tail keeps the last bytes written to it: what a failing program said.
type tail struct {
	mu   sync.Mutex
	text []byte // at most tailSize bytes
}

const tailSize = 1 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if cut := len(t.text) - tailSize; cut > 0 {
		word := bytes.IndexAny(t.text[cut:], " \n") + 1 // of half an address Redact would not know that it is one
		t.text = append(t.text[:0], t.text[cut+word:]...)
	}
	return len(p), nil
}

// String returns the last lines as one.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.FieldsFunc(string(bytes.TrimSpace(t.text)), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
