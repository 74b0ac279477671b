package login

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"edged/internal/testkit"
	"edged/web/page"
)

func hashed(t *testing.T, password string) *Hashed {
	t.Helper()
	text, err := Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Parse(text + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestPassword(t *testing.T) {
	h := hashed(t, "correct horse")
	if !h.Is("correct horse") || h.Is("correct hors") || h.Is("") {
		t.Error("a wrong password is taken, or the right one refused")
	}
	first, _ := Hash("correct horse")
	second, _ := Hash("correct horse")
	if first == second {
		t.Error("two hashes of one password are the same: no salt")
	}
	if _, err := Hash("short"); err == nil {
		t.Error("a password of 5 characters is taken")
	}
}

func TestBadHashesAreRefused(t *testing.T) {
	good, _ := Hash("correct horse")
	for _, text := range []string{
		"", "correct horse", "$2y$10$abc", strings.Replace(good, "m=19456", "m=99999999", 1), strings.Replace(good, "t=2", "t=0", 1),
		strings.Replace(good, "v=19", "v=16", 1), good[:len(good)-40], strings.Replace(good, "p=1", "p=0", 1), good + "$x",
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func request(remote, host string, headers ...string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/api/v1/node", nil)
	r.RemoteAddr, r.Host = remote, host
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func TestWithoutAPasswordOnlyThisMachineIsLetThrough(t *testing.T) {
	g := New(nil, false, new(Sessions))
	for _, c := range []struct {
		what string
		r    *http.Request
		want page.Permission
	}{
		{"this machine", request("127.0.0.1:5000", "127.0.0.1:9797"), page.Granted},
		{"by name", request("127.0.0.1:5000", "localhost:9797"), page.Granted},
		{"by IPv6", request("[::1]:5000", "[::1]:9797"), page.Granted},
		{"another machine", request("192.168.1.7:5000", "192.168.1.2:9797"), page.NoPassword},
		{"another machine that lies", request("192.168.1.7:5000", "localhost:9797"), page.NoPassword},
		{"this machine by its address in the network", request("127.0.0.1:5000", "192.168.1.2:9797"), page.NoPassword},
		{"nginx on this machine", request("127.0.0.1:5000", "localhost:9797", "X-Forwarded-For", "192.168.1.7"), page.NoPassword},
		{"nginx that names the host", request("127.0.0.1:5000", "home.example"), page.NoPassword},
		{"Home Assistant's ingress", request("127.0.0.1:5000", "localhost:9797", "X-Ingress-Path", "/api/hassio_ingress/x"), page.NoPassword},
	} {
		if got := g.Check(c.r); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

// The trusted proxy has asked for a password of its own. Only the address of the connection tells who the proxy is.
func TestTheTrustedProxyNeedsNoPassword(t *testing.T) {
	for what, password := range map[string]*Hashed{"no password": nil, "a password": hashed(t, "battery staple")} {
		g := New(password, false, new(Sessions))
		g.Proxy = net.ParseIP("172.30.32.2")
		if got := g.Check(request("172.30.32.2:5000", "home.example", "X-Ingress-Path", "/api/hassio_ingress/x")); got != page.Granted {
			t.Errorf("%s: the proxy gets %d", what, got)
		}
		for _, r := range []*http.Request{
			request("172.30.32.1:5000", "home.example", "X-Ingress-Path", "/api/hassio_ingress/x"),
			request("192.168.1.7:5000", "192.168.1.2:9797", "X-Forwarded-For", "172.30.32.2"),
		} {
			if got := g.Check(r); got == page.Granted {
				t.Errorf("%s: %s is let through", what, r.RemoteAddr)
			}
		}
	}
}

// login logs in from the address, and returns the status and the cookie.
func login(g *Guard, from, password string) (int, *http.Cookie) {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/api/v1/login", strings.NewReader(`{"password": "`+password+`"}`))
	r.RemoteAddr = from + ":5000"
	w := httptest.NewRecorder()
	g.Login(w, r)
	for _, c := range w.Result().Cookies() { //nolint:bodyclose // a recorder's
		return w.Code, c
	}
	return w.Code, nil
}

func withCookie(c *http.Cookie) *http.Request {
	r := request("127.0.0.1:5000", "127.0.0.1:9797")
	if c != nil {
		r.AddCookie(c)
	}
	return r
}

func TestLogin(t *testing.T) {
	g := New(hashed(t, "correct horse"), true, new(Sessions))
	now := time.Now()
	g.Now = func() time.Time { return now }
	if g.Check(withCookie(nil)) != page.NeedsLogin {
		t.Error("with a password set, this machine gets pictures without it")
	}
	if status, _ := login(g, "10.0.0.1", "wrong horse"); status != 401 {
		t.Errorf("a wrong password: %d", status)
	}
	status, cookie := login(g, "10.0.0.1", "correct horse")
	if status != 204 || cookie == nil || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode {
		t.Fatalf("%d, cookie %+v", status, cookie)
	}
	if g.Check(withCookie(cookie)) != page.Granted {
		t.Error("the session is not known")
	}
	forged := *cookie
	forged.Value = "A" + cookie.Value[1:]
	if g.Check(withCookie(&forged)) == page.Granted && forged.Value != cookie.Value {
		t.Error("a forged cookie is taken")
	}
	now = now.Add(idle + time.Second)
	if g.Check(withCookie(cookie)) != page.NeedsLogin {
		t.Error("an idle session goes on")
	}
	_, cookie = login(g, "10.0.0.1", "correct horse")
	for range int(lifetime / (idle / 2)) {
		now = now.Add(idle / 2)
		g.Check(withCookie(cookie))
	}
	now = now.Add(time.Minute)
	if g.Check(withCookie(cookie)) != page.NeedsLogin {
		t.Error("a session that is used goes on for ever")
	}
	_, cookie = login(g, "10.0.0.1", "correct horse")
	out := httptest.NewRecorder()
	g.Logout(out, withCookie(cookie))
	if g.Check(withCookie(cookie)) != page.NeedsLogin {
		t.Error("the session goes on after a logout")
	}
}

func TestTriesAreLimited(t *testing.T) {
	testkit.Slow(t)
	g := New(hashed(t, "correct horse"), false, new(Sessions))
	now := time.Now()
	g.Now = func() time.Time { return now }
	for range triesPerAddress {
		if status, _ := login(g, "10.0.0.1", "wrong horse"); status != 401 {
			t.Fatal(status)
		}
	}
	if status, _ := login(g, "10.0.0.1", "correct horse"); status != 429 {
		t.Errorf("try %d: %d, even with the right password", triesPerAddress+1, status)
	}
	if status, _ := login(g, "10.0.0.2", "correct horse"); status != 204 {
		t.Errorf("another address: %d", status)
	}
	for n := range triesInAll {
		login(g, "10.0.1."+string(rune('0'+n%10))+string(rune('0'+n/10)), "wrong horse")
	}
	if status, _ := login(g, "10.0.0.3", "correct horse"); status != 429 {
		t.Errorf("after %d tries from everywhere: %d", triesInAll, status)
	}
	now = now.Add(triesWithin)
	if status, _ := login(g, "10.0.0.1", "correct horse"); status != 204 {
		t.Errorf("a minute later: %d", status)
	}
}

// A reload builds a new guard. Who has logged in stays logged in, unless the password is another one.
func TestSessionsSurviveAReload(t *testing.T) {
	password, sessions := hashed(t, "correct horse"), new(Sessions)
	before := New(password, false, sessions)
	before.Begin()
	_, cookie := login(before, "10.0.0.1", "correct horse")
	New(hashed(t, "battery staple"), false, sessions) // of a configuration that is refused
	same := New(password, false, sessions)
	same.Begin()
	if same.Check(withCookie(cookie)) != page.Granted {
		t.Error("a reload has ended the session")
	}
	other := New(hashed(t, "battery staple"), false, sessions)
	other.Begin()
	if other.Check(withCookie(cookie)) != page.NeedsLogin {
		t.Error("the session has survived its password")
	}
}

func TestSessionsAreBounded(t *testing.T) {
	var s Sessions
	now := time.Now()
	first := s.begin(now)
	for n := range maxSessions {
		s.begin(now.Add(time.Duration(n+1) * time.Second))
	}
	if len(s.all) != maxSessions || s.valid(first, now) {
		t.Errorf("%d sessions, want %d, and the oldest gone", len(s.all), maxSessions)
	}
}
