package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
)

//go:embed static
var files embed.FS

// asset is a file of the page.
type asset struct {
	body   []byte
	packed []byte // body in gzip
	kind   string
	tag    string // ETag
}

// assets are read when somebody asks for the first of them.
var assets = sync.OnceValue(readAssets)

func readAssets() map[string]asset {
	all := map[string]asset{}
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		sum := sha256.Sum256(body)
		all[name] = asset{body: body, packed: pack(body), kind: kindOf(name), tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
		return err
	})
	if err != nil {
		panic(err) // the files are in the binary
	}
	return all
}

// pack returns the body in gzip.
func pack(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // it fails for unknown levels alone
	_, _ = w.Write(body)                                  // into memory
	_ = w.Close()
	return b.Bytes()
}

// takesGzip reports whether the client takes answers in gzip (RFC 9110, section 12.5.3).
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if name, quality, _ := strings.Cut(coding, ";"); strings.TrimSpace(name) == "gzip" {
			return strings.Trim(quality, " q=0.") != "" || quality == ""
		}
	}
	return false
}

func kindOf(name string) string {
	switch path.Ext(name) { // not by the machine's own table, which may say anything
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(".txt")
}

// static answers with a file of the page.
func (p *Page) static(w http.ResponseWriter, r *http.Request) {
	a, ok := assets()[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok || strings.HasSuffix(r.URL.Path, "index.html") {
		notFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	body, tag := a.body, a.tag
	if takesGzip(r) {
		body, tag = a.packed, strings.TrimSuffix(a.tag, `"`)+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", a.kind)
	_, _ = w.Write(body)
}

// contentSecurity allows the page its own files, the pictures that it makes of streams, and nothing else.
const contentSecurity = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'self'; frame-ancestors 'self'"

// index answers with the page's HTML, which is the same at all of its addresses: its base is where the page begins, also behind a proxy
// that puts it under a path.
func (p *Page) index(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentSecurity)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Type", "text/html; charset=utf-8")
	if p.Access.Check(r) == NoPassword {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintln(w, noPassword+"\n\n/metrics\n/healthz\n/readyz\n/status")
		return
	}
	html := strings.Replace(string(assets()["static/index.html"].body), `<base href="/">`, `<base href="`+p.base(r)+`/">`, 1)
	_, _ = w.Write([]byte(html))
}

// plainPath is a path that can stand in HTML as it is.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// base is the path under which the browser finds the page: what a proxy says in X-Ingress-Path (Home Assistant) or X-Forwarded-Prefix, or
// that of web.url.
func (p *Page) base(r *http.Request) string {
	for _, path := range []string{r.Header.Get("X-Ingress-Path"), r.Header.Get("X-Forwarded-Prefix"), p.Prefix} {
		if path = strings.TrimRight(path, "/"); plainPath.MatchString(path) && len(path) < 200 {
			return path
		}
	}
	return ""
}
