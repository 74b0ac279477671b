package login

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"edged/web/page"
)

// Guard implements page.Access. The trusted proxy has asked who the user is, and needs no password. If a password is set, everybody else
// needs it. Otherwise Guard lets through only requests that come directly from this machine.
type Guard struct {
	Password *Hashed // nil = there is none
	Proxy    net.IP  // the trusted proxy; nil = there is none
	Secure   bool    // browsers reach the page by HTTPS
	Now      func() time.Time

	sessions *Sessions
	tries    limiter
	checking chan struct{} // one token: a password is compared, which takes memory
}

// New returns a guard. The sessions may be those of a guard before it: see Begin.
func New(password *Hashed, secure bool, sessions *Sessions) *Guard {
	return &Guard{Password: password, Secure: secure, Now: time.Now, sessions: sessions, checking: make(chan struct{}, 1)}
}

// Begin is called when the guard takes the place of the one before. Sessions of another password end.
func (g *Guard) Begin() { g.sessions.keep(g.Password) }

// Check implements page.Access.
func (g *Guard) Check(r *http.Request) page.Permission {
	switch {
	case g.Proxy != nil && g.Proxy.Equal(net.ParseIP(hostOf(r.RemoteAddr))):
		return page.Granted
	case g.Password == nil && fromThisMachine(r):
		return page.Granted
	case g.Password == nil:
		return page.NoPassword
	}
	if c, err := r.Cookie(cookieName); err == nil && g.sessions.valid(c.Value, g.Now()) {
		return page.Granted
	}
	return page.NeedsLogin
}

// proxied are the headers by which a proxy says that the request comes from somewhere else.
var proxied = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Real-Ip", "X-Ingress-Path", "Via"}

// fromThisMachine reports whether the request comes from this machine, and not from a proxy on it.
func fromThisMachine(r *http.Request) bool {
	for _, h := range proxied {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	host := hostOf(r.Host)
	ip := net.ParseIP(host)
	return net.ParseIP(hostOf(r.RemoteAddr)).IsLoopback() && (host == "localhost" || ip.IsLoopback())
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

const cookieName = "edged_session"

// Login implements page.Access: it compares the password in the body, {"password": "…"}, and answers with a session's cookie.
func (g *Guard) Login(w http.ResponseWriter, r *http.Request) {
	if g.Password == nil {
		page.Problem(w, http.StatusConflict, "There is no password to log in with: web.password_file is not set.")
		return
	}
	var in struct {
		Password string `json:"password"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in); err != nil {
		page.Problem(w, http.StatusBadRequest, `The body must be JSON: {"password": "…"}.`)
		return
	}
	from := hostOf(r.RemoteAddr)
	if wait := g.tries.take(from, g.Now()); wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())+1))
		page.Problem(w, http.StatusTooManyRequests, "There were too many attempts to log in. Wait a minute.")
		return
	}
	if !g.matches(r, in.Password) {
		slog.Warn("web: a login failed", "address", from)
		page.Problem(w, http.StatusUnauthorized, "The password is wrong.")
		return
	}
	g.tries.forgive(from)
	g.setCookie(w, g.sessions.begin(g.Now()), int(lifetime.Seconds()))
	w.WriteHeader(http.StatusNoContent)
}

// matches compares one password at a time.
func (g *Guard) matches(r *http.Request, password string) bool {
	select {
	case g.checking <- struct{}{}:
		defer func() { <-g.checking }()
	case <-r.Context().Done():
		return false
	}
	return g.Password.Is(password)
}

// Logout implements page.Access.
func (g *Guard) Logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		g.sessions.end(c.Value)
	}
	g.setCookie(w, "", -1)
	w.WriteHeader(http.StatusNoContent)
}

func (g *Guard) setCookie(w http.ResponseWriter, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: g.Secure, SameSite: http.SameSiteStrictMode,
	})
}
