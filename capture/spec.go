package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// Spec names a camera.
type Spec struct {
	Kind Kind
	Path string // device node, address, file or command line; empty for "the first usable camera" and for the pattern
}

// Kind is what drives a camera.
type Kind string

// The kinds of cameras.
const (
	KindV4L2    Kind = "v4l2"
	KindRTSP    Kind = "rtsp"
	KindFile    Kind = "file"
	KindCommand Kind = "command"
	KindPattern Kind = "pattern"
)

const specForms = "v4l2:auto, v4l2:/dev/videoN, /dev/videoN, rtsp://ADDRESS, command:LINE, pattern:, file:PATH or the path of a video file"

// ParseSpec reads a camera's name as it stands in a configuration or on a command line. It does not check that a device is
// there: somebody may plug it in later. A file must exist unless "file:" marks it.
func ParseSpec(s string) (Spec, error) {
	scheme, path, found := strings.Cut(s, ":")
	switch {
	case s == "":
		return Spec{}, fmt.Errorf("capture: empty camera name; give %s", specForms)
	case found && scheme == string(KindV4L2):
		return parseV4L2(s, path)
	case found && scheme == string(KindFile):
		if path == "" {
			return Spec{}, fmt.Errorf("capture: camera %q has no path; give file:PATH", s)
		}
		return Spec{Kind: KindFile, Path: path}, nil
	case found && scheme == string(KindCommand):
		if strings.TrimSpace(path) == "" {
			return Spec{}, fmt.Errorf("capture: camera %q has no command; give command: and a line for the shell", s)
		}
		return Spec{Kind: KindCommand, Path: path}, nil
	case found && scheme == string(KindPattern):
		if path != "" {
			return Spec{}, fmt.Errorf("capture: camera %q: nothing may follow \"pattern:\"", s)
		}
		return Spec{Kind: KindPattern}, nil
	case isAddress(s):
		return parseAddress(s)
	case found && strings.HasPrefix(path, "//"):
		return Spec{}, fmt.Errorf("capture: camera %q: of addresses edged reads only rtsp:// and rtsps://; for others give command: and the line of a program that does (docs/cameras.md has ffmpeg's)", Redact(s))
	}
	return parsePath(s)
}

func parseAddress(s string) (Spec, error) {
	address, err := url.Parse(s)
	switch {
	case err != nil: // its text holds the whole address
		return Spec{}, fmt.Errorf("capture: camera %q is no address; in user names and passwords write other characters than letters and digits as %%XX, such as %%40 for @", Redact(s))
	case address.Hostname() == "":
		return Spec{}, fmt.Errorf("capture: camera %q has no host; give rtsp://HOST/PATH", Redact(s))
	}
	return Spec{Kind: KindRTSP, Path: s}, nil
}

func parseV4L2(s, path string) (Spec, error) {
	if path == "auto" {
		return Spec{Kind: KindV4L2}, nil
	}
	if !strings.HasPrefix(path, "/") {
		return Spec{}, fmt.Errorf("capture: camera %q: give v4l2:auto or v4l2: and a device node, such as v4l2:/dev/video0", s)
	}
	return Spec{Kind: KindV4L2, Path: path}, nil
}

// parsePath reads the name of a camera that is only a path. What lies there decides what it is.
func parsePath(s string) (Spec, error) {
	info, err := os.Stat(s)
	switch {
	case err == nil && info.Mode()&fs.ModeNamedPipe != 0:
		return Spec{}, fmt.Errorf("capture: camera %q is a named pipe; give \"command:cat PIPE\"", s)
	case err == nil && info.Mode().IsRegular():
		return Spec{Kind: KindFile, Path: s}, nil
	case strings.HasPrefix(s, "/dev/"):
		return Spec{Kind: KindV4L2, Path: s}, nil
	case err != nil:
		return Spec{}, fmt.Errorf("capture: camera %q: %w; give %s", shownPath(s), errors.Unwrap(err), specForms)
	}
	return Spec{Kind: KindFile, Path: s}, nil
}

// shownPath is the name for a message. It may be a command line whose "command:" is missing or misspelt, and a command line may
// hold a password: then the message shows only the first word.
func shownPath(s string) string {
	program, _, more := strings.Cut(s, " ")
	if more && !videoName.MatchString(s) {
		return Redact(program) + " ..."
	}
	return Redact(s)
}

// videoName matches a file name with spaces in it that can hardly be a command line.
var videoName = regexp.MustCompile(`^[^-:=@|;&$'"` + "`" + `]*\.[A-Za-z0-9]{2,5}$`)

// ParseFile reads the name of a video file on a command line: a path, or "file:" and a path. A name that exists is always a path.
func ParseFile(s string) (path string, err error) {
	if _, err := os.Lstat(s); err == nil {
		return s, nil
	}
	scheme, rest, found := strings.Cut(s, ":")
	switch {
	case s == "", s == string(KindFile)+":":
		return "", errors.New("capture: no file name; give the path of a video file")
	case found && scheme == string(KindFile):
		return rest, nil
	case found && (scheme == string(KindV4L2) || scheme == string(KindCommand) || scheme == string(KindPattern)):
		return "", fmt.Errorf("capture: %s: this is a camera; only a video file can be read here", ShownSource(s))
	case found && strings.HasPrefix(rest, "//"):
		return "", fmt.Errorf("capture: %s: this is an address; only a video file can be read here: record the stream first", Redact(s))
	}
	return s, nil
}

// String is the form that ParseSpec reads.
func (s Spec) String() string {
	if s.Kind == KindRTSP {
		return s.Path
	}
	if s.Path == "" && s.Kind == KindV4L2 {
		return string(s.Kind) + ":auto"
	}
	return string(s.Kind) + ":" + s.Path
}
