package web

import (
	"net"
	"net/http"
	"os"
	"strings"
)

// fromHere refuses what a page of another site makes a browser ask. The answers hold nothing secret, but camera names and
// their on and off are nobody's business. A browser says where a request comes from; and whoever lets a name of his own
// point at this machine (DNS rebinding) is found by the Host that the browser then sends.
func fromHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		switch {
		case !ownHost(r.Host):
			http.Error(w, "use this machine's address or name", http.StatusForbidden)
		case crossSite(r.Header):
			http.Error(w, "not for pages of other sites", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ownHost says whether the Host header names this machine: an address, localhost, or its own host name.
func ownHost(header string) bool {
	host, _, err := net.SplitHostPort(header)
	if err != nil {
		host = header
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if net.ParseIP(host) != nil || host == "localhost" {
		return true
	}
	name, err := os.Hostname()
	name = strings.ToLower(name)
	return err == nil && name != "" && (host == name || host == name+".local")
}

func crossSite(h http.Header) bool {
	switch h.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return h.Get("Origin") != "" && h.Get("Sec-Fetch-Site") != "same-origin"
	}
	return true
}
