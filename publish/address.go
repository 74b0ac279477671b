package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// dialer opens the link to the broker. MQTT is spoken over it by the caller.
type dialer func(ctx context.Context) (net.Conn, error)

// transport is one way to reach a broker.
type transport struct {
	port string // where the URL has none
	path bool   // the URL may have one
	dial func(ctx context.Context, u *url.URL, secure *tls.Config) (net.Conn, error)
}

// transports holds every URL scheme that edged speaks.
var transports = map[string]transport{
	"mqtt":  {port: "1883", dial: dialTCP},
	"tcp":   {port: "1883", dial: dialTCP},
	"mqtts": {port: "8883", dial: dialTLS},
	"ssl":   {port: "8883", dial: dialTLS},
	"ws":    {port: "80", path: true, dial: dialWebsocket},
	"wss":   {port: "443", path: true, dial: dialWebsocket},
}

func dialTCP(ctx context.Context, u *url.URL, _ *tls.Config) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", u.Host)
}

func dialTLS(ctx context.Context, u *url.URL, secure *tls.Config) (net.Conn, error) {
	d := tls.Dialer{Config: secure}
	return d.DialContext(ctx, "tcp", u.Host)
}

// dialWebsocket ends by connectTimeout and not by ctx: paho's call has no context.
func dialWebsocket(ctx context.Context, u *url.URL, secure *tls.Config) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return mqtt.NewWebsocket(u.String(), secure, connectTimeout, http.Header{}, nil)
}

// broker is a parsed and checked broker URL.
type broker struct {
	url    *url.URL // scheme, host, port, and a websocket's path
	secure *tls.Config
}

func (b broker) String() string { return b.url.String() }

func (b broker) dial(ctx context.Context) (net.Conn, error) {
	return transports[b.url.Scheme].dial(ctx, b.url, b.secure)
}

// parseBroker checks a URL of the form scheme://host or scheme://host:port, and for websockets scheme://host:port/path. What
// it returns as an error never repeats a password that someone put into the URL.
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
		return broker{}, fmt.Errorf("publish: broker %q: edged does not speak %s://; use %s://",
			raw, u.Scheme, strings.Join(known, "://, "))
	}
	if u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || !t.path && strings.Trim(u.Path, "/") != "" {
		return broker{}, fmt.Errorf("publish: broker %q: only a host and a port may follow %s://", raw, u.Scheme)
	}
	port := u.Port()
	if port == "" {
		port = t.port
	}
	clean := &url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(u.Hostname(), port)}
	if t.path {
		clean.Path = u.Path
	}
	return broker{url: clean}, nil
}

// parseBrokers parses the first choice and the further brokers.
func (p *Publisher) parseBrokers() (all []broker, err error) {
	for _, raw := range append([]string{p.Broker}, p.Brokers...) {
		b, wrong := parseBroker(raw)
		b.secure = p.TLS
		all, err = append(all, b), errors.Join(err, wrong)
	}
	return all, err
}

// betweenBrokers is the pause before the next broker of a list is tried.
const betweenBrokers = 200 * time.Millisecond

// nextBroker goes on to the next broker after one has failed, and says whether all have had their turn.
func (p *Publisher) nextBroker() (all bool) {
	p.turn = (p.turn + 1) % len(p.brokers)
	p.broker = p.brokers[p.turn]
	return p.turn == 0
}
