package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"edged/capture/pixel"
)

// invocation is how ffmpeg has to be called for one file.
type invocation struct {
	name        string        // by which ffmpeg opens the file
	zero        time.Duration // the container's time at the beginning of the file
	untimed     bool          // the file has no times
	frameRate   float64       // for a file without times; 0 means ffmpeg's default
	streams     []string      // the indices of the video streams, without cover pictures; at least one
	length      time.Duration // of the file, by what it says itself; 0 where it does not say
	width       int           // the least size of the pictures; 0 means that of the file
	height      int
	passthrough string         // the name of the option that keeps every frame as it is
	crops       bool           // this ffmpeg knows of crops in containers
	shapes      []pixel.Format // of the streams, where edged has read the container's header itself
}

// arguments are those of the command that writes the stream's frames to standard output.
func (d *invocation) arguments(stream string) []string {
	args := []string{"-loglevel", "error", "-copyts", "-reinit_filter", "0"}
	if d.untimed && d.frameRate > 0 {
		args = append(args, "-r", strconv.FormatFloat(d.frameRate, 'f', -1, 64))
	}
	args = append(args, d.shapeArguments(stream)...)
	args = append(args, inputArguments(d.name)...)
	return append(args,
		"-map", "0:"+stream, d.passthrough, "passthrough", "-enc_time_base", "1:1000",
		"-vf", timesFilter+","+shapeFilter(d.shapeOf(stream))+d.sizeFilter()+",setsar=1,scale=out_color_matrix=bt601:out_range=limited,format=yuv420p",
		"-c:v", "rawvideo", "-f", "matroska", "pipe:1")
}

// sizeFilter makes pixels square and pictures smaller that are more than twice as large as needed. The decoder averages the rest.
func (d *invocation) sizeFilter() string {
	factor := "1"
	if d.width > 0 && d.height > 0 {
		factor = fmt.Sprintf("max(1,floor(min(iw*sar/%d,ih/%d)/2))", d.width, d.height)
	}
	return fmt.Sprintf("scale=w='max(1,round(iw*sar/%s))':h='max(1,round(ih/%s))':flags=area", factor, factor)
}

// inputArguments open the file. A playlist must not make ffmpeg open anything but files, nor may a name be taken for an address.
func inputArguments(name string) []string {
	return []string{"-protocol_whitelist", "file,pipe", "-i", "file:" + name}
}

// inspect asks ffmpeg what f, which is open as file, contains. shapes are those of its streams, where edged has read them.
func inspect(ctx context.Context, f *File, file *os.File, shapes []pixel.Format) (*invocation, error) {
	d := &invocation{name: ffmpegName(f.Path), frameRate: f.FrameRate, width: f.Width, height: f.Height, shapes: shapes}
	var err error
	if d.passthrough, err = passthroughOption(ctx); err != nil {
		return nil, err
	}
	said := bounded{most: 1 << 20}
	cmd := ffmpegCommand(ctx, file, inputArguments(d.name)...)
	cmd.Stderr = &said
	exit := cmd.Run() // never nil: no output was asked for
	found := inputLine.FindSubmatch(said.Bytes())
	if found == nil {
		return nil, unreadable(exit, said.Bytes())
	}
	if d.streams, err = videoStreams(said.Bytes()); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(shapes, func(f pixel.Format) bool { return shapeFilter(f) != "" }) {
		help, _ := ask(ctx, "long")
		d.crops = bytes.Contains(help, []byte("\n-apply_cropping"))
	}
	d.zero, d.length = startOf(said.Bytes()), lengthOf(said.Bytes())
	d.untimed = takesFrameRate(ctx, string(found[1]))
	return d, nil
}

// What ffmpeg says of a file. It indents what the file's author may have written by four columns and more.
var (
	inputLine = regexp.MustCompile(`(?m)^Input #0, ([^,\s]+)`)
	startLine = regexp.MustCompile(`(?m)^  Duration: (?:(\d+):(\d+):(\d+\.\d+)|[^,\n]*), start: (-?\d+\.\d+)`)
	videoLine = regexp.MustCompile(`(?m)^ {2,4}Stream #0:(\d+)\S*: Video: (.*)$`)
)

// startOf returns the earliest time of any stream, where there are times.
func startOf(said []byte) time.Duration {
	found := startLine.FindSubmatch(said)
	if found == nil {
		return 0
	}
	return seconds(found[4]).Round(time.Microsecond)
}

// lengthOf returns how long the longest stream of the file is, where the file says so.
func lengthOf(said []byte) time.Duration {
	found := startLine.FindSubmatch(said)
	if found == nil || len(found[1]) == 0 {
		return 0
	}
	return 3600*seconds(found[1]) + 60*seconds(found[2]) + seconds(found[3])
}

// seconds reads a decimal number of seconds.
func seconds(text []byte) time.Duration {
	n, _ := strconv.ParseFloat(string(text), 64) // the pattern matched digits
	return time.Duration(n * float64(time.Second))
}

// unreadable says why ffmpeg cannot read a file.
func unreadable(exit error, said []byte) error {
	var w words
	_, _ = w.Write(said)
	text, _ := w.all()
	if text == "" {
		return fmt.Errorf("ffmpeg cannot read it: %w", exit)
	}
	return fmt.Errorf("ffmpeg cannot read it: %s", text)
}

// videoStreams returns the indices of the video streams, without cover pictures, which are streams of one frame.
func videoStreams(said []byte) (streams []string, err error) {
	pictures := false
	for _, stream := range videoLine.FindAllSubmatch(said, -1) {
		if bytes.Contains(stream[2], []byte("(attached pic)")) || bytes.Contains(stream[2], []byte("(timed thumbnails)")) {
			pictures = true
			continue
		}
		streams = append(streams, string(stream[1]))
	}
	switch {
	case len(streams) > 0:
		return streams, nil
	case pictures:
		return nil, errors.New("no video in it, only a cover picture")
	}
	return nil, errors.New("no video in it")
}

// passthroughOption returns the option by which this ffmpeg keeps every frame and its time: -fps_mode since version 5.1, -vsync
// before; version 8 knows -vsync no more.
func passthroughOption(ctx context.Context) (string, error) {
	help, err := ask(ctx, "long")
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("neither JPEGs nor Y4M, and ffmpeg, which reads the rest, is not installed (apt-get install ffmpeg)")
	}
	for _, option := range []string{"-fps_mode", "-vsync"} {
		if bytes.Contains(help, []byte("\n"+option)) {
			return option, nil
		}
	}
	if err == nil {
		err = errors.New("neither -fps_mode nor -vsync is among its options")
	}
	return "", fmt.Errorf("this ffmpeg cannot be used: %w", err)
}

// takesFrameRate says whether files of the format have no times: then ffmpeg gives them a rate.
func takesFrameRate(ctx context.Context, format string) bool {
	help, _ := ask(ctx, "demuxer="+format)
	return bytes.Contains(help, []byte("\n  -framerate "))
}

// question is a topic of the help of one ffmpeg, which may be replaced while edged runs.
type question struct {
	path     string
	modified time.Time
	topic    string
}

var answers sync.Map // []byte, by question

// ask returns what ffmpeg says about a topic of its help.
func ask(ctx context.Context, topic string) ([]byte, error) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, err
	}
	q := question{path: path, topic: topic}
	if info, err := os.Stat(path); err == nil {
		q.modified = info.ModTime()
	}
	if known, ok := answers.Load(q); ok {
		return known.([]byte), nil
	}
	said := bounded{most: 1 << 20}
	cmd := ffmpegCommand(ctx, nil, "-h", topic)
	cmd.Stdout = &said
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	answers.Store(q, said.Bytes())
	return said.Bytes(), nil
}

// bounded keeps the first bytes written to it.
type bounded struct {
	buffer bytes.Buffer // not embedded: its ReadFrom would go around Write
	most   int
}

func (b *bounded) Bytes() []byte { return b.buffer.Bytes() }

func (b *bounded) Write(p []byte) (int, error) {
	b.buffer.Write(p[:min(len(p), b.most-b.buffer.Len())])
	return len(p), nil
}
