package publish

import (
	"strings"
	"testing"
)

func TestParseBroker(t *testing.T) {
	for raw, want := range map[string]string{
		"tcp://10.0.0.1:1884": "tcp://10.0.0.1:1884",
		"mqtt://broker.lan":   "mqtt://broker.lan:1883",
		"tcp://[::1]:1883/":   "tcp://[::1]:1883",
		"tcp://[fe80::1]":     "tcp://[fe80::1]:1883",
	} {
		b, err := parseBroker(raw)
		if err != nil || b.String() != want {
			t.Errorf("%s: got %v, %v; want %s", raw, b.url, err, want)
		}
	}
}

func TestParseBrokerRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		"":                           "must be a URL such as",
		"localhost":                  "must be a URL such as",
		"localhost:1883":             "must be a URL such as",
		"tcp://":                     "must be a URL such as",
		"tcp://:1883":                "only a host and a port",
		"tcp://host:port":            "must be a URL such as",
		"amqp://host":                "does not speak amqp://; use mqtt://, mqtts://",
		"tcp://host/path":            "only a host and a port",
		"tcp://host?x=1":             "only a host and a port",
		"tcp://user:s3cret@host":     "holds a user name or password",
		"tcp://user:s3cret%zz@host:": "holds a user name or password",
	} {
		_, err := parseBroker(raw)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", raw, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows the password: %v", raw, err)
		}
	}
}
