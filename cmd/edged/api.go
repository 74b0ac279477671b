package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"edged/internal/printable"
)

const (
	// apiTimeout is how long the daemon may take to answer a call of its API.
	apiTimeout = 30 * time.Second
	// fileTimeout is how long a file may take.
	fileTimeout = 10 * time.Minute
)

// call sends a request to the API, as JSON, and reads the answer into out. in and out may be nil.
func (a *asker) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	kind := ""
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		kind = "application/json"
	}
	reply, err := a.send(ctx, apiTimeout, method, path, kind, bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(reply.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("%s does not answer as edged does: %w", a.url, err)
	}
	return nil
}

// send sends a request to the API. The daemon may take as long as limit. If it has a password, send asks the user for it and sends the request
// again. The user may take any time. The caller closes the answer's body. An answer that is no success is an error, which says what the daemon said.
func (a *asker) send(ctx context.Context, limit time.Duration, method, path, kind string, body io.ReadSeeker, size int64) (*http.Response, error) {
	for {
		reply, err := a.sendOnce(ctx, limit, method, path, kind, body, size)
		if err != nil {
			return nil, err
		}
		if reply.StatusCode < 300 {
			return reply, nil
		}
		err = problemOf(reply)
		reply.Body.Close()
		if reply.StatusCode != http.StatusUnauthorized || a.session != nil || path == loginPath {
			return nil, err
		}
		if err := a.login(ctx); err != nil {
			return nil, err
		}
	}
}

func (a *asker) sendOnce(ctx context.Context, limit time.Duration, method, path, kind string, body io.ReadSeeker, size int64) (*http.Response, error) {
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	request, err := http.NewRequestWithContext(ctx, method, a.url+"/api/v1"+path, io.NopCloser(body))
	if err != nil {
		cancel()
		return nil, err
	}
	request.ContentLength = size
	if size == 0 {
		request.Body = nil
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if a.session != nil {
		request.AddCookie(a.session)
	}
	reply, err := a.client.Do(request)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("no edged answers: %w", err)
	}
	reply.Body = limited{reply.Body, cancel}
	return reply, nil
}

// limited is an answer's body that can be read for a limited time.
type limited struct {
	io.ReadCloser
	cancel func()
}

func (l limited) Close() error {
	l.cancel()
	return l.ReadCloser.Close()
}

const loginPath = "/login"

// login begins a session with the page's password, from the terminal or, if stdin is no terminal, from its first line.
func (a *asker) login(ctx context.Context) error {
	password, err := askPassword(ctx, os.Stdin, os.Stderr)
	if err != nil {
		return fmt.Errorf("read the page's password: %w", err)
	}
	text, err := json.Marshal(map[string]string{"password": password})
	if err != nil {
		return err
	}
	reply, err := a.send(ctx, apiTimeout, http.MethodPost, loginPath, "application/json", bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return err
	}
	reply.Body.Close()
	for _, c := range reply.Cookies() {
		a.session = c
	}
	if a.session == nil {
		return errors.New("edged accepts the password and begins no session")
	}
	return nil
}

func askPassword(ctx context.Context, in *os.File, ask io.Writer) (string, error) {
	if !term.IsTerminal(int(in.Fd())) {
		return readPassword(ctx, in, ask)
	}
	return readHidden(ctx, in, ask, "Password of edged's page: ")
}

// problemOf returns what the daemon says is wrong (RFC 9457).
func problemOf(reply *http.Response) error {
	var said struct {
		Detail string `json:"detail"`
	}
	body, _ := io.ReadAll(io.LimitReader(reply.Body, maxAnswer))
	if json.Unmarshal(body, &said) == nil && said.Detail != "" {
		return errors.New(printable.Line(said.Detail))
	}
	return fmt.Errorf("%s: %s", printable.Line(reply.Status), printable.Line(strings.TrimSpace(string(body))))
}

// upload sends a file and reads the answer, JSON, into out.
func (a *asker) upload(ctx context.Context, path string, f io.ReadSeeker, size int64, out any) error {
	reply, err := a.send(ctx, fileTimeout, http.MethodPost, path, "application/zip", f, size)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	return json.NewDecoder(io.LimitReader(reply.Body, maxAnswer)).Decode(out)
}
