package address

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for raw, want := range map[string]string{
		"tcp://10.0.0.1:1884":   "tcp://10.0.0.1:1884",
		"mqtt://broker.lan":     "mqtt://broker.lan:1883",
		"mqtts://broker.lan":    "mqtts://broker.lan:8883",
		"tcp://[::1]:1883/":     "tcp://[::1]:1883",
		"tcp://[fe80::1]":       "tcp://[fe80::1]:1883",
		"wss://broker.lan/mqtt": "wss://broker.lan:443/mqtt",
	} {
		u, err := Parse(raw)
		if err != nil || u.String() != want {
			t.Errorf("%s: got %v, %v; want %s", raw, u, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const form = "must be tcp://HOST:PORT"
	for raw, want := range map[string]string{
		"":                           form,
		"s3cret":                     form,
		"localhost:1883":             form,
		"tcp://":                     form,
		"tcp://:1883":                form,
		"tcp://host:port":            form,
		"amqp://host":                form,
		"tcp://host:99999":           "1 to 65535",
		"tcp://host:0":               "1 to 65535",
		"tcp://host/path":            "only a host and a port may follow tcp://",
		"tcp://host?x=1":             "only a host and a port",
		"ws://host/path?x=1":         "only a host and a port",
		"tcp://user:s3cret@host":     "no user or password",
		"tcp://user:s3cret%zz@host:": "no user or password",
	} {
		_, err := Parse(raw)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", raw, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows the password: %v", raw, err)
		}
	}
}
