package address

import (
	"net"
	"net/url"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]struct{ text, dials string }{
		"tcp://10.0.0.1:1884":            {"tcp://10.0.0.1:1884", "10.0.0.1:1884"},
		"TCP://Broker.lan":               {"tcp://Broker.lan:1883", "Broker.lan:1883"},
		"mqtt://broker.lan":              {"mqtt://broker.lan:1883", "broker.lan:1883"},
		"mqtts://broker.lan":             {"mqtts://broker.lan:8883", "broker.lan:8883"},
		"tcp://my_broker.lan.":           {"tcp://my_broker.lan.:1883", "my_broker.lan.:1883"},
		"tcp://localhost/":               {"tcp://localhost:1883", "localhost:1883"},
		"tcp://[::1]:1883/":              {"tcp://[::1]:1883", "[::1]:1883"},
		"tcp://[2001:db8::5]":            {"tcp://[2001:db8::5]:1883", "[2001:db8::5]:1883"},
		"tcp://[fe80::1%eth0]":           {"tcp://[fe80::1%25eth0]:1883", "[fe80::1%eth0]:1883"},
		"tcp://[fe80::1%25eth0]:1884":    {"tcp://[fe80::1%25eth0]:1884", "[fe80::1%eth0]:1884"},
		"tcp://[fe80::1%2525gig]:1884":   {"tcp://[fe80::1%2525gig]:1884", "[fe80::1%25gig]:1884"},
		"wss://broker.lan/mqtt":          {"wss://broker.lan:443/mqtt", "broker.lan:443"},
		"ws://broker.lan/a%2Fb//c;d=1/.": {"ws://broker.lan:80/a%2Fb//c;d=1/.", "broker.lan:80"},
		"ws://broker.lan:8080":           {"ws://broker.lan:8080", "broker.lan:8080"},
	} {
		a, err := Parse(text)
		if err != nil || a.String() != want.text || a.HostPort() != want.dials {
			t.Errorf("%s: got %v, %s, %v; want %v", text, a, a.HostPort(), err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const form = "must be tcp://HOST:PORT"
	for text, want := range map[string]string{
		"":                      form,
		"s3cret":                form,
		"localhost:1883":        form,
		"tcp:/localhost":        form,
		"tcp://":                form,
		"tcp://:1883":           form,
		"tcp://[::1":            form,
		"tcp://[::1]x":          form,
		"tcp://[::1]1883":       form,
		"amqp://host":           form,
		"tcp://2001:db8::5":     "needs brackets",
		"tcp://::1":             "needs brackets",
		"tcp://localhost:80:80": "needs brackets",
		"tcp://[127.0.0.1]":     "only an IPv6 address",
		"tcp://[broker.lan]":    "only an IPv6 address",
		"tcp://[::1%25]":        "name of a network interface",
		"tcp://[::1%]":          "name of a network interface",
		"tcp://[::1%25a%2Fb]":   "name of a network interface",
		"tcp://host:port":       "1 to 65535",
		"tcp://host:":           "1 to 65535",
		"tcp://host:99999":      "1 to 65535",
		"tcp://host:0":          "1 to 65535",
		"tcp://host:01883":      "1 to 65535",
		"tcp://host:+80":        "1 to 65535",
		"tcp://[::1]:":          "1 to 65535",
		"tcp://ho st":           "the host must be a name",
		"tcp://ho%73t":          "the host must be a name",
		"tcp://höst":            "the host must be a name",
		"tcp://a..b":            "the host must be a name",
		"tcp://" + strings.Repeat("a.", 200) + "b": "the host must be a name",
		"tcp://127.1":                "looks like an IPv4 address",
		"tcp://256.1.1.1":            "looks like an IPv4 address",
		"tcp://0x7f000001":           "looks like an IPv4 address",
		"tcp://127.0.0.01":           "looks like an IPv4 address",
		"tcp://host/path":            "only a host and a port may follow tcp://",
		"tcp://host?x=1":             "only a host and a port",
		"tcp://host#x":               "only a host and a port",
		`tcp://host\x`:               "only a host and a port",
		"ws://host/path?x=1":         "only a host and a port",
		"ws://host/%2":               "only a host and a port may follow ws://, and a path",
		"ws://host/a b":              "only a host and a port",
		"tcp://user:s3cret@host":     "no user or password",
		"tcp://user:s3cret%zz@host:": "no user or password",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows the password: %v", text, err)
		}
	}
}

// What is accepted means the same to package net, to package url and to Parse itself.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"tcp://h:1", "tcp://[::1%25a]:1", "ws://h/a%2Fb", "tcp://2001:db8::5", "tcp://1.2.3", "wss://[fe80::1%eth0]/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(a.String()); err != nil || again != a {
			t.Errorf("%q gives %q, which gives %q, %v", text, a, again, err)
		}
		host, port, err := net.SplitHostPort(a.HostPort())
		if err != nil || host != a.Host || port != a.Port {
			t.Errorf("%q dials %q %q, %v; want %q %q", text, host, port, err, a.Host, a.Port)
		}
		u, err := url.Parse(a.String())
		if err != nil || u.Scheme != a.Scheme || u.Hostname() != a.Host || u.Port() != a.Port || u.EscapedPath() != a.Path || u.String() != a.String() {
			t.Errorf("%q is %q to package url, %v", text, u, err)
		}
	})
}
