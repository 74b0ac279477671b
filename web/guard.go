package web

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// guard refuses requests that the page of another site makes a browser send. A browser says where a request comes from (Sec-Fetch-Site,
// Origin). If an attacker's host name points at this machine (DNS rebinding), the Host header shows it. guard lets through a link that a
// person opens, because the HTML of the page contains no secrets.
type guard struct {
	url   *url.URL // web.url; nil = there is none
	proxy net.IP   // one that is trusted; nil = there is none
	next  http.Handler
}

func (g guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	switch {
	case !g.fromProxy(r) && !g.knows(r.Host):
		http.Error(w, "use this machine's address or name, or set web.url", http.StatusForbidden)
	case g.crossSite(r) && !isLink(r):
		http.Error(w, "not for pages of other sites", http.StatusForbidden)
	default:
		g.next.ServeHTTP(w, r)
	}
}

// fromProxy reports whether the trusted proxy sends the request. People reach that proxy by names that edged does not know.
func (g guard) fromProxy(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && g.proxy != nil && g.proxy.Equal(net.ParseIP(host))
}

// knows reports whether the Host header names this machine: an address, localhost, its own host name, or the host of web.url. A client
// that speaks HTTP/1.0 may send no Host; a browser always sends one.
func (g guard) knows(header string) bool {
	if header == "" {
		return true
	}
	host := bareHost(header)
	if net.ParseIP(host) != nil || host == "localhost" || g.url != nil && host == strings.ToLower(g.url.Hostname()) {
		return true
	}
	name, err := os.Hostname()
	name = strings.ToLower(name)
	return err == nil && name != "" && (host == name || host == name+".local")
}

func bareHost(header string) string {
	host, _, err := net.SplitHostPort(header)
	if err != nil {
		host = header
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// crossSite reports whether the request comes from a page of another site. A browser sends Sec-Fetch-Site only over HTTPS and to this
// machine. Without it, the Origin must be the page's own.
func (g guard) crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		origin := r.Header.Get("Origin")
		if g.fromProxy(r) && g.ownOrigin(origin, r.Header.Get("X-Forwarded-Host")) {
			return false
		}
		return !g.ownOrigin(origin, r.Host)
	}
	return true
}

func (g guard) ownOrigin(origin, host string) bool {
	if origin == "" {
		return true // no browser's page
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && (strings.EqualFold(u.Host, host) || g.url != nil && strings.EqualFold(u.Host, g.url.Host))
}

// isLink reports whether a person follows a link to one of the page's addresses, and not a script or a frame.
func isLink(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" &&
		!strings.HasPrefix(r.URL.Path, "/api/")
}
