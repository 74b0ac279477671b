package capture

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Spec says which camera is meant.
type Spec struct {
	Kind Kind
	Path string // device node, file or command line; empty for "the first usable camera" and for the pattern
}

// Kind is what drives a camera.
type Kind string

// The kinds of cameras.
const (
	KindV4L2    Kind = "v4l2"
	KindFile    Kind = "file"
	KindCommand Kind = "command"
	KindPattern Kind = "pattern"
)

const specForms = "v4l2:auto, v4l2:/dev/videoN, /dev/videoN, command:LINE, pattern:, file:PATH or the path of a video file"

// ParseSpec reads a camera's name as it stands in a configuration or on a command line. That a device is there is not
// checked: it may be plugged in later. A file must exist unless it is marked by "file:".
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
	case strings.HasPrefix(s, "/dev/"):
		return Spec{Kind: KindV4L2, Path: s}, nil
	case found && strings.HasPrefix(path, "//"):
		return Spec{}, fmt.Errorf("capture: camera %q: an address is read by a program; give command: and its line (docs/cameras.md has ffmpeg's)", Redact(s))
	}
	if _, err := os.Stat(s); err != nil {
		if word, _, more := strings.Cut(s, " "); more { // may be a command, with a password, whose "command:" is missing or misspelt
			s = word + " ..."
		}
		return Spec{}, fmt.Errorf("capture: camera %q: %w; allowed are %s", Redact(s), errors.Unwrap(err), specForms)
	}
	return Spec{Kind: KindFile, Path: s}, nil
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

// String is the form that ParseSpec reads.
func (s Spec) String() string {
	if s.Path == "" && s.Kind == KindV4L2 {
		return string(s.Kind) + ":auto"
	}
	return string(s.Kind) + ":" + s.Path
}
