package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"edged/teach"
)

type teachExportCmd struct {
	teachFlags
	Name string `arg:"" help:"Name of the action."`
	Out  string `short:"o" type:"path" placeholder:"FILE" help:"The file; without it, NAME.edged-action.zip in this folder. It must not exist."`
}

// Run saves an action in a file.
func (t *teachExportCmd) Run(ctx context.Context, out output) error {
	daemon, view, err := t.view(ctx)
	if err != nil {
		return err
	}
	if _, err := actionOf(view, t.Name); err != nil {
		return err
	}
	path := t.Out
	if path == "" {
		path = t.Name + ".edged-action.zip"
	}
	size, err := daemon.save(ctx, "/teach/export"+query(view.View, t.Name), path)
	if err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s: %d bytes\n", path, size)
	return err
}

// save writes what the API answers to a new file. After an error it leaves none.
func (a *asker) save(ctx context.Context, from, to string) (size int64, err error) {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	size, err = a.download(ctx, from, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(to))
	}
	return size, nil
}

func (a *asker) download(ctx context.Context, from string, to io.Writer) (size int64, err error) {
	reply, err := a.send(ctx, fileTimeout, http.MethodGet, from, "", eofReader{}, 0)
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	return io.Copy(to, reply.Body)
}

// eofReader is an empty body.
type eofReader struct{}

func (eofReader) Read([]byte) (int, error)       { return 0, io.EOF }
func (eofReader) Seek(int64, int) (int64, error) { return 0, nil }

type teachImportCmd struct {
	teachFlags
	File string `arg:"" type:"existingfile" help:"A file that export has saved."`
}

// Run adds the action in a file.
func (t *teachImportCmd) Run(ctx context.Context, out output) error {
	daemon, view, err := t.view(ctx)
	if err != nil {
		return err
	}
	f, err := os.Open(t.File)
	if err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	if info.Size() == 0 || info.Size() > teach.MaxImportBytes {
		return fmt.Errorf("teach: %s has %d bytes; an export has 1 to %d", t.File, info.Size(), int64(teach.MaxImportBytes))
	}
	var action teach.Action
	if err := daemon.upload(ctx, "/teach/import?"+url.Values{"view": {view.View}}.Encode(), f, info.Size(), &action); err != nil {
		return fmt.Errorf("teach: import %s: %w", t.File, err)
	}
	_, err = fmt.Fprintf(out, "%s is imported to %s with %d examples: %s.\n", action.Name, view.View, action.Examples, action.State)
	return err
}
