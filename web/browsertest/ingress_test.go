package browsertest

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// ingressAddress is where the stand-in's requests come from, as 172.30.32.2 is with the real Supervisor.
const ingressAddress = "127.0.0.7"

// homeAssistant stands in for Home Assistant and the Supervisor's ingress: it asks for a session, takes the path's prefix away, passes the
// browser's host on, says who the user is, and shows the page in a frame. It returns its address.
func homeAssistant(t *testing.T, to string) string {
	t.Helper()
	const path = "/api/hassio_ingress/Zm9vYmFy"
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ingressAddress)}}).DialContext},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: to})
			r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, path)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
			r.Out.Header.Set("X-Ingress-Path", path)
			r.Out.Header.Set("X-Remote-User-Name", "anna")
		},
		FlushInterval: -1,
	}
	mux := http.NewServeMux()
	mux.HandleFunc(path+"/", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("ingress_session"); err != nil || c.Value != "session" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "ingress_session", Value: "session", Path: "/api/hassio_ingress/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		fmt.Fprintf(w, `<!doctype html><html lang=en><title>Home Assistant</title><style>body{margin:0;display:flex;height:100vh;font:16px sans-serif}
nav{width:200px;padding:16px;background:#f2f4f9}iframe{flex:1;border:0}</style><nav>Overview<br><b>edged</b></nav><iframe title=edged src="%s/"></iframe>`, path)
	})
	mux.HandleFunc("GET /favicon.ico", func(http.ResponseWriter, *http.Request) {})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// In the app, people see the page in a frame of Home Assistant, without another password. Nobody else gets a picture.
func TestInsideHomeAssistant(t *testing.T) {
	beside(t)
	s := newSite(t, "web: {trusted_proxy: "+ingressAddress+"}\n")
	home := homeAssistant(t, s.address)
	reply, err := http.Get("http://" + home + "/api/hassio_ingress/Zm9vYmFy/api/v1/events") //nolint:noctx // a test
	if err != nil || reply.StatusCode != http.StatusUnauthorized {
		t.Fatalf("without a session: %v, %v", reply, err)
	}
	reply.Body.Close()
	event := s.awaitClips(1)

	b := newBrowser(t, &site{t: t, address: home, node: s.node})
	b.size(1180, 760, false)
	b.open("")
	const frame = "document.querySelector('iframe').contentDocument"
	b.await("[..." + frame + ".querySelectorAll('.stage img')].filter((i) => i.naturalWidth).length === 2")
	b.await("[..." + frame + ".querySelectorAll('[role=meter]')].some((m) => Number(m.getAttribute('aria-valuenow')) > 0.2)") // the stream comes through
	b.shot("home-assistant")
	// A change of a setting is let through, too.
	put := "fetch(new URL('api/v1/thresholds', " + frame + ".baseURI), {method: 'PUT', body: JSON.stringify({view: 'gate', label: 'left_to_right', score: 0.7})}).then((r) => r.status)"
	if status := eval[int](b, put); status/100 != 2 {
		t.Errorf("a change of a threshold: status %d", status)
	}
	eval[string](b, frame+".location.href = new URL('events/"+event.ID+"', "+frame+".baseURI).href")
	b.await(frame + ".querySelector('dialog input[type=range]')?.value > 2")
}
