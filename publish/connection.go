package publish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// connection is one connection to the broker, from its start to its end. It has a paho client of its own, because paho's reconnecting
// is not safe: a publish that is in flight when the link breaks would complete without an error although the broker never
// acknowledged it.
type connection struct {
	p      *Publisher
	client mqtt.Client
	link   *link
	lost   chan struct{} // closed by paho when the link has broken and its goroutines have ended
	cause  error         // why the link has broken; valid once lost is closed
}

// connect opens the link and waits for the broker's CONNACK.
func (p *Publisher) connect(ctx context.Context) (*connection, error) {
	c := &connection{p: p, lost: make(chan struct{})}
	var dialErr error
	disarm := func() bool { return true }
	open := func(*url.URL, mqtt.ClientOptions) (net.Conn, error) {
		dialCtx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		conn, err := p.dial(dialCtx)
		if dialErr = err; err != nil {
			return nil, err
		}
		c.link = newLink(conn, p.refuseLarge)
		c.link.codes, c.link.alive = len(p.filters()), p.KeepAlive/2
		disarm = context.AfterFunc(ctx, func() { c.link.Close() }) // so that paho stops waiting for the CONNACK
		return c.link, nil
	}

	c.client = mqtt.NewClient(p.clientOptions().
		SetCustomOpenConnectionFn(open).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) {
			c.cause = err
			close(c.lost)
		}))
	token := c.client.Connect().(*mqtt.ConnectToken)
	<-token.Done() // it is done when ctx ends or after connectTimeout, at the latest
	disarm()
	if err := token.Error(); err != nil {
		return nil, connectError(dialErr, err, token.ReturnCode())
	}
	return c, nil
}

func (p *Publisher) clientOptions() *mqtt.ClientOptions {
	o := mqtt.NewClientOptions().
		SetProtocolVersion(4). // MQTT 3.1.1; paho must not fall back to 3.1
		SetClientID(p.clientID()).
		SetUsername(p.Username).
		SetPassword(p.Password).
		SetCleanSession(true).
		SetAutoReconnect(false).
		SetConnectRetry(false).
		SetOrderMatters(true).                                        // of commands; receive never blocks
		SetDefaultPublishHandler(func(mqtt.Client, mqtt.Message) {}). // have paho acknowledge messages that nobody asked for
		SetConnectTimeout(connectTimeout).
		SetWriteTimeout(writeTimeout). // for handing a packet to the link, which has its own timeout for writing it
		SetKeepAlive(p.KeepAlive).
		SetPingTimeout(p.KeepAlive).
		SetWill(p.topics.status, offline, 1, true)
	o.Servers = []*url.URL{{Scheme: p.broker.Scheme, Host: p.broker.HostPort()}} // the dialer of connect takes its place
	return o
}

// serveOnce opens one connection and serves it to its end. It returns how long the connection lasted, 0 if it never came up, and why it
// ended.
func (p *Publisher) serveOnce(ctx context.Context) (time.Duration, error) {
	c, err := p.connect(ctx)
	if err != nil {
		if ctx.Err() == nil {
			p.counters.connectFailures.Add(1)
		}
		return 0, err
	}
	began := time.Now()
	p.counters.connects.Add(1)
	p.counters.connected.Store(true)
	defer p.counters.connected.Store(false)
	p.Log.Info("publish: connected", "broker", p.broker.String(), "client_id", p.clientID())
	err = c.serve(ctx)
	return time.Since(began), err
}

// serve announces the node, delivers until the link breaks or ctx ends, and in the second case publishes that the node is offline.
func (c *connection) serve(ctx context.Context) error {
	c.p.states.connect()
	defer c.p.states.disconnect()
	c.p.echoes.connect(c.p.broker.String(), c.link.quiet)
	defer c.p.echoes.disconnect()
	c.p.discoveryRepeated = time.Now()
	grace, cancel := outlive(ctx, c.p.StopTimeout)
	defer cancel()

	err := c.announce(ctx, grace)
	if err == nil {
		err = c.deliver(ctx, grace)
	}
	if err == nil {
		err = c.farewell(grace)
	}
	if err != nil {
		c.abort()
		return err
	}
	c.client.Disconnect(250)
	return nil
}

// ahead is how many retained messages may be in flight at once during the announcement. So many small ones fit into sendQueue.
const ahead = 20

// announce subscribes, then publishes every retained message that is small. The node's status is the last of them, once the broker has
// acknowledged all others. States that change meanwhile follow after it.
func (c *connection) announce(ctx, grace context.Context) error {
	if err := c.subscribe(grace); err != nil {
		return err
	}
	var sent []sending // oldest first
	for ctx.Err() == nil {
		r, value := c.p.states.takeNext(&c.p.states.urgent, nil)
		node := r == c.p.states.node
		for len(sent) == ahead || node && len(sent) > 0 {
			if err := c.arrived(grace, sent[0]); err != nil {
				return denied(sent[0].topic, err)
			}
			sent = sent[1:]
		}
		if node {
			return denied(r.topic, c.retain(grace, r.topic, value))
		}
		message := c.send(r.topic, value)
		message.state = r
		sent = append(sent, message)
	}
	return nil
}

// denied names the topic of a message that the broker answered by closing the connection, as some do if their rules forbid it.
func denied(topic string, err error) error {
	if !closedByPeer(err) {
		return err
	}
	return hungUp{fmt.Sprintf("%s: %s; may this user write there?", topic, err.Error())}
}

// farewell publishes that cameras and node are offline. The last will would do that for the node alone.
func (c *connection) farewell(grace context.Context) error {
	for _, camera := range c.p.states.cameras {
		if err := c.retain(grace, camera.status.topic, []byte(offline)); err != nil {
			return err
		}
	}
	return c.retain(grace, c.p.topics.status, []byte(offline))
}

// retain publishes a retained message and waits until the broker has it.
func (c *connection) retain(grace context.Context, topic string, value []byte) error {
	return c.arrived(grace, c.send(topic, value))
}

// sending is a retained message in flight.
type sending struct {
	topic string
	state *retained // nil: none of the states
	bytes int
	token mqtt.Token
	limit time.Duration
}

func (c *connection) send(topic string, value []byte) sending {
	c.p.echoes.await(topic)
	return sending{topic: topic, bytes: len(value), token: c.client.Publish(topic, 1, true, value), limit: within(c.p.ackTimeout, len(value))}
}

// arrived waits until the broker has acknowledged the message.
func (c *connection) arrived(grace context.Context, s sending) error {
	if err := c.await(grace, s.token, s.topic, s.limit); err != nil {
		return err
	}
	if s.state != nil {
		c.p.states.recordSent(s.state)
	}
	c.p.counters.states.Add(1)
	c.p.echoes.expect(s.topic, s.bytes)
	return nil
}

// await waits until the token is done: the broker has acknowledged what, within the limit.
func (c *connection) await(grace context.Context, token mqtt.Token, what string, limit time.Duration) error {
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		select {
		case <-token.Done():
			return c.failure(token)
		case <-c.lost:
			return c.broken()
		case <-timeout.C:
			if err := c.extend(what, limit, timeout); err != nil {
				return err
			}
		case <-grace.Done():
			return errNoTimeLeft
		}
	}
}

// extend is called when the limit is over. If a large message or a flood of small ones has kept the acknowledgement from coming in, it
// sets the timer anew; otherwise it returns an error.
func (c *connection) extend(what string, limit time.Duration, timeout *time.Timer) error {
	left := limit - c.link.quiet()
	if left <= 0 {
		return fmt.Errorf("the broker did not acknowledge %s within %v", what, limit.Round(time.Second))
	}
	timeout.Reset(left)
	return nil
}

var errNoTimeLeft = errors.New("stopped before the broker had acknowledged everything")

// failure returns why a token that is done failed, and nil if it did not. Paho completes the tokens a moment before it reports that
// the link has broken.
func (c *connection) failure(token mqtt.Token) error {
	err := token.Error()
	if err == nil {
		return nil
	}
	select {
	case <-c.lost:
		return c.broken()
	case <-time.After(time.Second):
		return err
	}
}

func (c *connection) broken() error {
	if closedByPeer(c.cause) {
		return fmt.Errorf("the broker closed the connection: %w", c.cause)
	}
	return fmt.Errorf("connection lost: %w", c.cause)
}

// abort ends the link without MQTT's DISCONNECT, so that the broker publishes the last will. It sets a deadline in the past, because
// that is an error to paho's reader, unlike Close; the reader then ends all of paho's goroutines.
func (c *connection) abort() {
	_ = c.link.SetDeadline(time.Unix(1, 0))
	select {
	case <-c.lost:
	case <-time.After(time.Second):
	}
	c.link.Close()
}

// outlive returns a context that ends this long after ctx.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return longer, func() { stop(); cancel() }
}
