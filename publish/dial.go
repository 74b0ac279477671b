package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"edged/publish/address"
)

// dialer opens the link to the broker. The caller speaks MQTT over it.
type dialer func(ctx context.Context) (net.Conn, error)

// broker is a broker's address and how to reach it.
type broker struct {
	address.Address
	secure *tls.Config // nil = trust the system's certificate authorities
}

func (b broker) dial(ctx context.Context) (net.Conn, error) {
	conn, err := b.open(ctx)
	if err != nil && b.UsesTLS() && closedByPeer(err) {
		return nil, fmt.Errorf("%w, instead of a TLS handshake; this port does not speak TLS, it seems", err)
	}
	return conn, err
}

func (b broker) open(ctx context.Context) (net.Conn, error) {
	switch {
	case b.IsWebsocket():
		return dialWebsocket(ctx, b.String(), b.secure)
	case b.UsesTLS():
		return (&tls.Dialer{Config: b.secure}).DialContext(ctx, "tcp", b.HostPort())
	}
	return new(net.Dialer).DialContext(ctx, "tcp", b.HostPort())
}

// parseBrokers parses the addresses of the first broker and of the further ones.
func (p *Publisher) parseBrokers() (all []broker, err error) {
	for i, text := range append([]string{p.Broker}, p.Brokers...) {
		a, wrong := address.Parse(text)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("publish: broker %d: %w", i+1, wrong))
		}
		all = append(all, broker{a, p.TLS})
	}
	return all, err
}

// betweenBrokers is the pause before the next broker of a list is tried.
const betweenBrokers = 200 * time.Millisecond

// goToNextBroker turns to the next broker after one has failed, and reports whether all have had their turn.
func (p *Publisher) goToNextBroker() (all bool) {
	p.turn = (p.turn + 1) % len(p.brokers)
	p.broker = p.brokers[p.turn]
	return p.turn == 0
}
