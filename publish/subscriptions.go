package publish

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// incoming is what the publisher remembers of messages from the broker: commands, Home Assistant's birth message, the node's own
// status, and what an earlier configuration of the node told Home Assistant.
type incoming struct {
	commands   *commandQueue
	complained atomic.Int64 // when a refused command was logged last, seconds; 0 = never
	echoed     atomic.Bool  // the broker has sent us something that we published ourselves
	reassert   atomic.Bool  // the node's status is about to be put right
}

const (
	complainEvery = 10 // seconds; a flood of bad commands must not become a flood of lines
	// echoTimeout is how long the broker may take to deliver the node's own status.
	echoTimeout = 10 * time.Second
	// reassertAfter bounds how often the node's status is put right: two nodes of one name must not do it in turn.
	reassertAfter = time.Second
	// resendWithin spreads the answers of all nodes to Home Assistant's birth message.
	resendWithin = 3 * time.Second
	// refusedSubscription is SUBACK's return code for a filter that the broker does not grant (MQTT 3.1.1, 3.9.3).
	refusedSubscription = 0x80
)

// filters returns what the node subscribes to. Single levels are all that a broker's ACL need allow below the node's name. QoS 1
// would add nothing, since no session outlives a connection, and do harm: acknowledgements wait while a large message is on its
// way out, and with them whatever else comes in, and goes out.
func (p *Publisher) filters() map[string]byte {
	f := map[string]byte{p.topics.status: 0}
	if p.OnCommand != nil {
		for _, set := range []string{"enabled/set", "snapshot/set", "+/threshold/set"} {
			f[p.topics.of("+", set)] = 0
			f[p.topics.of("+", "+", set)] = 0
		}
	}
	if p.Discovery.Prefix != "" {
		f[p.Discovery.birthTopic()] = 0
		f[p.Discovery.configTopic(p.clientID())] = 0
	}
	return f
}

// subscribe asks for what the node listens to. A refusal is told, and no reason to go without the rest.
func (c *connection) subscribe(grace context.Context) error {
	token := c.client.SubscribeMultiple(c.p.filters(), func(_ mqtt.Client, m mqtt.Message) {
		c.p.receive(m.Topic(), m.Payload(), m.Retained())
	})
	if err := c.await(grace, token, "the subscriptions", ackTimeout); err != nil {
		return err
	}
	var refused []string
	for filter, qos := range token.(*mqtt.SubscribeToken).Result() {
		if qos == refusedSubscription {
			refused = append(refused, filter)
		}
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		if slices.Contains(refused, c.p.topics.status) {
			c.p.incoming.echoed.Store(true) // none can come: its absence says nothing more
		}
		c.p.Log.Error("publish: the broker refuses subscriptions: the commands that come this way will not be heard; mend its ACL",
			"broker", c.p.broker.String(), "refused", strings.Join(refused, " "))
	}
	return nil
}

// expectEcho complains when the broker does not deliver what the node itself publishes: MQTT 3.1.1 has no other way to see
// that a broker silently drops it.
func (c *connection) expectEcho() (stop func() bool) {
	broker := c.p.broker.String() // Run moves on to the next one meanwhile
	return time.AfterFunc(echoTimeout, func() {
		if !c.p.incoming.echoed.Load() {
			c.p.Log.Error("publish: the broker took the node's status and did not deliver it: most likely its ACL forbids this "+
				"user to write or to read there, and everything else is lost, too",
				"broker", broker, "topic", c.p.topics.status, "needed", c.p.topics.prefix+"#")
		}
	}).Stop
}

// receive takes a message. It must not block: paho's reader waits for it.
func (p *Publisher) receive(topic string, payload []byte, isRetained bool) {
	rest, own := strings.CutPrefix(topic, p.topics.prefix)
	switch {
	case topic == p.topics.status:
		p.echo(string(payload) == online, isRetained)
	case own:
		p.command(rest, payload, isRetained)
	case p.Discovery.Prefix == "":
	case topic == p.Discovery.birthTopic():
		if string(payload) == online && !isRetained {
			time.AfterFunc(rand.N(resendWithin), func() { p.states.resendDiscovery() })
		}
	case topic == p.Discovery.configTopic(p.clientID()) && isRetained:
		p.forget(payload)
	}
}

// echo looks at the node's own status. An "offline" while this connection lives is the last will of one before, which the
// broker had not known to be dead, or another node of the same name that has gone.
func (p *Publisher) echo(isOnline, isRetained bool) {
	switch {
	case isRetained: // from before this connection
	case isOnline:
		p.incoming.echoed.Store(true)
	case p.incoming.reassert.CompareAndSwap(false, true):
		time.AfterFunc(reassertAfter, func() {
			p.incoming.reassert.Store(false)
			p.states.resend(p.states.node)
		})
	}
}

func (p *Publisher) command(topic string, payload []byte, isRetained bool) {
	c, known, err := p.states.parseCommand(strings.Split(topic, "/"), payload)
	if !known {
		return
	}
	if err == nil && isRetained {
		err = errRetainedCommand
	}
	if err == nil {
		p.counters.commands.Add(1)
		p.incoming.commands.put(c)
		return
	}
	p.refuse(p.topics.prefix+topic, err)
}

func (p *Publisher) refuseLarge(topic string, bytes int) {
	p.refuse(topic, fmt.Errorf("%d bytes; more than %d are not read", bytes, maxPacket))
}

func (p *Publisher) refuse(topic string, err error) {
	p.counters.refused.Add(1)
	now, then := int64(p.now().Monotonic/time.Second)+1, p.incoming.complained.Load()
	if (then == 0 || now-then >= complainEvery) && p.incoming.complained.CompareAndSwap(then, now) {
		p.Log.Warn("publish: message refused", "topic", topic, "error", err, "refused_so_far", p.counters.refused.Load())
	}
}

// obey hands the commands over one by one until ctx ends.
func (p *Publisher) obey(ctx context.Context) {
	for {
		if c, ok := p.incoming.commands.take(); ok {
			p.OnCommand(c)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-p.incoming.commands.wake:
		}
	}
}

// forget has Home Assistant remove what an earlier configuration of this node told it and this one does not.
func (p *Publisher) forget(told []byte) {
	removal, gone, err := p.Discovery.removal(told, p.states.discovery.value)
	if err != nil {
		p.Log.Warn("publish: what Home Assistant was told of this node before cannot be read; what is no longer there stays in it",
			"topic", p.Discovery.configTopic(p.clientID()), "error", err)
		return
	}
	if len(gone) == 0 {
		return
	}
	p.Log.Info("publish: Home Assistant removes what the configuration no longer has", "components", fmt.Sprint(gone))
	p.states.replace(p.states.removal, removal)
	p.states.resendDiscovery()
}
