// Package plainfile opens files that a user has named, without ever waiting for them.
//
// Opening a named pipe waits for somebody who writes to it, and opening a device can change it. So these functions look at what
// a name stands for before they open it.
package plainfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"edged/internal/plaintext"
)

// Open opens a regular file for reading. Errors do not repeat the path: the caller names it.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, bare(err)
	}
	if err := regular(info); err != nil {
		return nil, err
	}
	return open(path, regular)
}

// pipePatience is how long ReadText waits for the whole text of a pipe.
const pipePatience = 5 * time.Second

// ReadText is Read for a text that may also come through a pipe (a shell's <(command)) or from /dev/null. It returns the text as
// plaintext.Clean does.
func ReadText(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, bare(err)
	}
	if err := readable(info); err != nil {
		return nil, err
	}
	f, err := open(path, readable)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	_ = f.SetReadDeadline(time.Now().Add(pipePatience)) // an error means that reading cannot wait
	text, err := readAll(f, limit)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("nobody has written the whole text into this pipe within %v", pipePatience)
	case err == nil && len(text) == 0 && info.Mode().Type() == fs.ModeNamedPipe:
		return nil, errors.New("nobody writes to this pipe")
	}
	return plaintext.Clean(text), err
}

// open opens the file and checks it again: another may have taken its place since the first look.
func open(path string, check func(fs.FileInfo) error) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, bare(err)
	}
	info, err := f.Stat()
	if err == nil {
		err = check(info)
	}
	if err != nil {
		f.Close()
		return nil, bare(err)
	}
	return f, nil
}

// regular says what the file is, if it is not a regular one.
func regular(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return errors.New("this is a folder, not a file")
	case mode&fs.ModeNamedPipe != 0:
		return errors.New("this is a named pipe, not a file")
	case mode&fs.ModeSocket != 0:
		return errors.New("this is a socket, not a file")
	case mode&fs.ModeDevice != 0:
		return errors.New("this is a device, not a file")
	}
	return errors.New("this is not a regular file")
}

// readable also lets pipes and /dev/null pass.
func readable(info fs.FileInfo) error {
	if info.Mode().Type() == fs.ModeNamedPipe {
		return nil
	}
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(info, null) {
		return nil
	}
	return regular(info)
}

func readAll(f *os.File, limit int64) ([]byte, error) {
	if info, err := f.Stat(); err == nil && info.Size() > limit {
		return nil, tooLarge(limit)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, bare(err)
	}
	if int64(len(data)) > limit { // it has grown, or is a pipe
		return nil, tooLarge(limit)
	}
	return data, nil
}

func tooLarge(limit int64) error {
	if limit%(1<<20) == 0 {
		return fmt.Errorf("the file has more than %d MB", limit>>20)
	}
	return fmt.Errorf("the file has more than %d bytes", limit)
}

// bare removes the path from a file error.
func bare(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
