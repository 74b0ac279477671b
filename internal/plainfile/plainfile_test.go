//go:build unix

package plainfile

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file\xff%03d")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func socket(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "socket")
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return path
}

func TestReadRefusesWhatIsNotAFile(t *testing.T) {
	for path, want := range map[string]string{
		fifo(t):                                "named pipe",
		t.TempDir():                            "folder",
		socket(t):                              "socket",
		"/dev/zero":                            "device",
		"/dev/null":                            "device",
		filepath.Join(t.TempDir(), "absent"):   "no such file",
		file(t, strings.Repeat("too long", 9)): "more than 10 bytes",
	} {
		if _, err := read(path, 10); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q without the path", path, err, want)
		}
	}
}

func TestReadReadsAFile(t *testing.T) {
	for what, get := range map[string]func(string, int64) ([]byte, error){"Open": read, "ReadText": ReadText} {
		if got, err := get(file(t, "text"), 4); string(got) != "text" || err != nil {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
}

func TestReadTextReadsPipes(t *testing.T) {
	path := fifo(t)
	if _, err := ReadText(path, 10); err == nil || !strings.Contains(err.Error(), "nobody writes") {
		t.Errorf("a pipe without a writer: %v", err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	// The reader opens the pipe before its writer closes it.
	reader, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	writer.Close()
	if got, err := ReadText(path, 10); string(got) != "text" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := ReadText(os.DevNull, 10); len(got) != 0 || err != nil {
		t.Errorf("%s: %q, %v", os.DevNull, got, err)
	}
	if _, err := ReadText("/dev/zero", 10); err == nil || !strings.Contains(err.Error(), "device") {
		t.Errorf("/dev/zero: %v", err)
	}
}

// read returns what a regular file holds, at most limit bytes.
func read(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, limit)
}
