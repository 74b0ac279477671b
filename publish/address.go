package publish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
)

// dialer opens the link to the broker. MQTT is spoken over it by the caller.
type dialer func(ctx context.Context) (net.Conn, error)

// transport is one way to reach a broker.
type transport struct {
	port string // where the URL has none
	dial func(ctx context.Context, address string) (net.Conn, error)
}

// transports holds every URL scheme that this version speaks.
var transports = map[string]transport{
	"mqtt": {"1883", dialTCP},
	"tcp":  {"1883", dialTCP},
}

func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}

// broker is a parsed and checked broker URL.
type broker struct {
	url     *url.URL // scheme, host and port only
	dialURL func(ctx context.Context, address string) (net.Conn, error)
}

func (b broker) String() string { return b.url.String() }

func (b broker) dial(ctx context.Context) (net.Conn, error) {
	return b.dialURL(ctx, b.url.Host)
}

// parseBroker checks a URL of the form scheme://host or scheme://host:port. What it returns as an error never repeats a
// password that someone put into the URL.
func parseBroker(raw string) (broker, error) {
	if strings.Contains(raw, "@") {
		return broker{}, errors.New("publish: the broker's URL holds a user name or password; " +
			"set them by themselves, since a URL ends up in logs and process lists")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return broker{}, fmt.Errorf("publish: broker %q: must be a URL such as tcp://192.168.1.10:1883", raw)
	}
	t, ok := transports[u.Scheme]
	if !ok {
		known := slices.Sorted(maps.Keys(transports))
		return broker{}, fmt.Errorf("publish: broker %q: this version does not speak %s://; use %s://",
			raw, u.Scheme, strings.Join(known, ":// or "))
	}
	if u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return broker{}, fmt.Errorf("publish: broker %q: only a host and a port may follow %s://", raw, u.Scheme)
	}
	port := u.Port()
	if port == "" {
		port = t.port
	}
	clean := &url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(u.Hostname(), port)}
	return broker{url: clean, dialURL: t.dial}, nil
}
