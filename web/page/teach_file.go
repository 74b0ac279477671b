package page

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"edged/teach"
)

// exportAction sends an action with its examples as a zip file.
func (p *Page) exportAction(w http.ResponseWriter, r *http.Request) {
	view, name := viewAndName(r)
	f, err := os.CreateTemp("", "edged-export-*")
	if err != nil {
		noRoom(w, err)
		return
	}
	defer f.Close()
	_ = os.Remove(f.Name()) // it lives until it is closed
	if err := p.Teacher.Export(f, view, name); err != nil {
		teachProblem(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+".zip"))
	http.ServeContent(&slowResponse{w, p.slowWriter(w)}, r, "", time.Time{}, f)
}

// noRoom says that a temporary file could not be written.
func noRoom(w http.ResponseWriter, err error) {
	Problem(w, http.StatusInsufficientStorage, "There is no room for a temporary file: "+err.Error())
}

// importWithin is how long a client may take to send a file.
const importWithin = 2 * time.Minute

// imports lets one file in at a time.
var imports = make(chan struct{}, 1)

// importAction adds the action of a file that edged exported. It answers with the action.
func (p *Page) importAction(w http.ResponseWriter, r *http.Request) {
	select {
	case imports <- struct{}{}:
		defer func() { <-imports }()
	default:
		w.Header().Set("Retry-After", "10")
		Problem(w, http.StatusServiceUnavailable, "Another file is being imported; try again later.")
		return
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(importWithin)) // a test's recorder has none
	_ = control.SetWriteDeadline(time.Now().Add(importWithin + p.writeWithin))
	f, size, err := spool(r.Body)
	if disk := new(fs.PathError); errors.As(err, &disk) {
		slog.Warn("a file with a taught action was not imported", "error", err)
		noRoom(w, err)
		return
	}
	if err != nil {
		bodyProblem(w, err)
		return
	}
	defer f.Close()
	action, err := p.Teacher.Import(f, size, r.URL.Query().Get("view"))
	if err != nil {
		slog.Warn("a file with a taught action was not imported", "error", err)
		teachProblem(w, err)
		return
	}
	reply(w, action)
}

// spool copies the body to a temporary file without a name.
func spool(body io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp("", "edged-import-*")
	if err != nil {
		return nil, 0, err
	}
	defer os.Remove(f.Name())
	size, err := io.Copy(f, body)
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, size, nil
}

// importLimit bounds the body of importAction.
const importLimit = teach.MaxImportBytes
