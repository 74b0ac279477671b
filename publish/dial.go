package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"edged/publish/address"
)

// dialer opens the link to the broker. MQTT is spoken over it by the caller.
type dialer func(ctx context.Context) (net.Conn, error)

// transports is how each scheme of package address is spoken. TLS nil = the system's certificate authorities.
var transports = map[string]func(ctx context.Context, u *url.URL, secure *tls.Config) (net.Conn, error){
	"mqtt": dialTCP, "tcp": dialTCP, "mqtts": dialTLS, "ssl": dialTLS, "ws": dialWebsocket, "wss": dialWebsocket,
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
	return transports[b.url.Scheme](ctx, b.url, b.secure)
}

// parseBrokers parses the first choice and the further brokers.
func (p *Publisher) parseBrokers() (all []broker, err error) {
	for i, raw := range append([]string{p.Broker}, p.Brokers...) {
		u, wrong := address.Parse(raw)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("publish: broker %d: %w", i+1, wrong))
		}
		all = append(all, broker{url: u, secure: p.TLS})
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
