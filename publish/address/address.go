// Package address reads what a configuration calls a broker: a URL.
package address

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// scheme is one way to reach a broker.
type scheme struct {
	name string
	port string // where the URL has none
	path bool   // the URL may have one
}

var schemes = []scheme{
	{name: "tcp", port: "1883"}, {name: "mqtt", port: "1883"}, {name: "ssl", port: "8883"}, {name: "mqtts", port: "8883"},
	{name: "ws", port: "80", path: true}, {name: "wss", port: "443", path: true},
}

var errForm = errors.New("must be tcp://HOST:PORT (or mqtts://, ws://, wss://)")

// Parse reads a URL of the form scheme://host or scheme://host:port, and for websockets scheme://host:port/path. The result has
// the port. No error repeats the URL, into which somebody may have put a password.
func Parse(raw string) (*url.URL, error) {
	if strings.Contains(raw, "@") {
		return nil, errors.New("no user or password in the address, since it ends up in logs; use username and password_file")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return nil, errForm
	}
	i := slices.IndexFunc(schemes, func(s scheme) bool { return s.name == u.Scheme })
	if i < 0 {
		return nil, errForm
	}
	s := schemes[i]
	if u.RawQuery != "" || u.Fragment != "" || !s.path && strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("only a host and a port may follow %s://", s.name)
	}
	clean := &url.URL{Scheme: s.name, Host: net.JoinHostPort(u.Hostname(), s.port)}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, errors.New("the port must be 1 to 65535")
		}
		clean.Host = net.JoinHostPort(u.Hostname(), port)
	}
	if s.path {
		clean.Path = u.Path
	}
	return clean, nil
}
