package page

import (
	"encoding/json"
	"net/http"
	"strings"
)

// problem is an error as RFC 9457 (Problem Details for HTTP APIs) writes it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// Problem answers with an error. Detail says what is wrong, and what would mend it.
func Problem(w http.ResponseWriter, status int, detail string) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Del("Content-Length")
	h.Del("Etag")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	Problem(w, http.StatusNotFound, plainReasons[http.StatusNotFound])
}

// problems turns the plain errors of net/http's own handlers, such as "method not allowed", into Problems.
func problems(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "//") || strings.Contains(r.URL.Path, "/.") {
			notFound(w, r)
			return
		}
		next.ServeHTTP(&problemWriter{ResponseWriter: w}, r)
	})
}

type problemWriter struct {
	http.ResponseWriter
	replaced bool
}

func (w *problemWriter) WriteHeader(status int) {
	if reason := plainReasons[status]; reason != "" && strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		w.replaced = true
		Problem(w.ResponseWriter, status, reason)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

var plainReasons = map[int]string{
	http.StatusNotFound:                     "There is nothing at this address. docs/api.md lists all addresses of the API.",
	http.StatusMethodNotAllowed:             "The header Allow lists the methods that this address takes.",
	http.StatusRequestedRangeNotSatisfiable: "The range lies beyond the file.",
}

// Write drops the text of an error that was replaced.
func (w *problemWriter) Write(b []byte) (int, error) {
	if w.replaced {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *problemWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// replyJPEG answers with a picture. A browser may keep it: it never changes.
func replyJPEG(w http.ResponseWriter, jpeg []byte) {
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "private, max-age=3600")
	_, _ = w.Write(jpeg)
}

// reply answers with JSON.
func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that has left
}
