package browsertest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// nginx starts Debian's nginx with the location from docs/api.md, and returns its address.
func nginx(t *testing.T, to string) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```nginx\n")
	location, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/api.md has no configuration of nginx")
	}
	location = strings.Replace(location, "127.0.0.1:9797", to, 1)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, dir := l.Addr().String(), t.TempDir()
	l.Close()
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf("daemon off; pid %[1]s/pid; error_log stderr; events {}\nhttp { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p;\n"+
		"fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s; server { listen %[2]s; %[3]s } }\n", dir, address, location)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(context.Background(), "/usr/sbin/nginx", "-c", config, "-p", dir)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatalf("%v; make deps installs nginx", err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
	})
	return address
}

// A proxy puts the page under a path. It shows pictures to whoever knows the password, and to nobody else.
func TestBehindNginx(t *testing.T) {
	beside(t)
	s := newSite(t, "")
	address := nginx(t, s.address)
	s.await("nginx answers", func() bool {
		reply, err := http.Get("http://" + address + "/edged/api/v1/events") //nolint:noctx // a test
		if err != nil {
			return false
		}
		defer reply.Body.Close()
		body, _ := io.ReadAll(reply.Body)
		if reply.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "password_file") {
			t.Fatalf("without a password: %d %s", reply.StatusCode, body)
		}
		return true
	})
	s.stop()
	s.yaml += strings.Replace(passwordFile(t), "web: {", "web: {url: 'http://"+address+"/edged', ", 1)
	s.start()

	b := newBrowser(t, &site{t: t, address: address, node: s.node})
	b.tolerate("401")
	b.open("edged/events")
	b.named("textbox", "Password")
	b.do(chromedp.SendKeys("#password", "correct horse\r"))
	b.named("list", "Events")
	event := s.awaitClips(1)
	b.click("link", "Now")
	b.named("img", "gate now")
	b.await("location.pathname === '/edged/'")
	b.await("[...document.querySelectorAll('[role=meter]')].some((m) => Number(m.getAttribute('aria-valuenow')) > 0.2)") // the stream comes through
	b.open("edged/events/" + event.ID)
	b.named("dialog", event.Label)
	b.await("document.querySelector('dialog input[type=range]').value > 2")
}
