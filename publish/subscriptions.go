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

	"edged/internal/lograte"
)

// incoming is the state of what comes from the broker: commands, Home Assistant's birth message, the node's own status, and the
// description that an earlier configuration of the node left for Home Assistant.
type incoming struct {
	commands *commandQueue
	refused  lograte.Limit // of log lines about messages that are not obeyed
	reassert atomic.Bool   // the node's status will be published again in a moment
}

const (
	// refusalsEvery keeps a flood of bad commands from becoming a flood of log lines.
	refusalsEvery = 10 * time.Second
	// reassertAfter bounds how often the node corrects its status, because two nodes of one name would do it in turn.
	reassertAfter = time.Second
	// resendWithin spreads over time how all nodes answer Home Assistant's birth message.
	resendWithin = 3 * time.Second
	// refusedSubscription is the return code of a SUBACK for a filter that the broker refuses (MQTT 3.1.1, 3.9.3).
	refusedSubscription = 0x80
)

// filters returns what the node subscribes to. Below the node's name a "+" is the only wildcard that a broker's access rules must
// allow. All subscriptions have QoS 0: no session outlives a connection, so QoS 1 would add nothing, and its acknowledgements would
// wait while a large message is on its way out, and with them everything else.
func (p *Publisher) filters() map[string]byte {
	f := map[string]byte{}
	for topic := range p.echoes.topics {
		f[topic] = 0
	}
	if p.OnCommand != nil {
		for _, set := range []string{"enabled/set", "snapshot/set", "delete_clip/set", "teach/set", "+/threshold/set"} {
			f[p.topics.of("+", set)] = 0
			f[p.topics.of("+", "+", set)] = 0
		}
	}
	if p.Discovery.Prefix != "" {
		for _, topic := range p.Discovery.birthTopics() {
			f[topic] = 0
		}
	}
	return f
}

// subscribe asks for what the node listens to. If the broker refuses a part of it, edged goes on with the rest.
func (c *connection) subscribe(grace context.Context) error {
	token := c.client.SubscribeMultiple(c.p.filters(), c.receive)
	if err := c.await(grace, token, "the subscriptions", c.p.ackTimeout); closedByPeer(err) {
		return hungUp{"the subscriptions: " + err.Error()}
	} else if err != nil {
		return err
	}
	var refused []string
	for filter, qos := range token.(*mqtt.SubscribeToken).Result() {
		if qos == refusedSubscription {
			refused = append(refused, filter)
			c.p.echoes.ignore(filter)
		}
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		c.p.Log.Error("publish: the broker refuses subscriptions: edged receives no commands that come this way, and cannot see "+
			"whether its messages arrive; change the broker's access rules",
			"broker", c.p.broker.String(), "refused", strings.Join(refused, " "))
	}
	return nil
}

func (c *connection) receive(_ mqtt.Client, m mqtt.Message) {
	c.p.receive(m.Topic(), m.Payload(), m.Retained())
}

// receive takes a message. It must not block, because paho's reader waits for it.
func (p *Publisher) receive(topic string, payload []byte, isRetained bool) {
	rest, own := strings.CutPrefix(topic, p.topics.prefix)
	switch {
	case topic == p.topics.status:
		p.receiveStatus(string(payload) == online, isRetained)
	case p.echoes.topics[topic] != nil && !isRetained:
		if p.echoes.hear(topic) {
			p.notify()
		}
	case own:
		p.command(rest, payload, isRetained)
	case p.Discovery.Prefix == "":
	case slices.Contains(p.Discovery.birthTopics(), topic):
		if string(payload) == online && !isRetained {
			time.AfterFunc(rand.N(resendWithin), func() { p.states.resendDiscovery() })
		}
	case topic == p.topics.discovery && isRetained:
		p.forget(payload)
	}
}

// receiveStatus looks at the node's own status. If it is offline while this connection lives, it is the last will of an earlier
// connection, of whose end the broker has learnt late, or of another node of the same name that has gone.
func (p *Publisher) receiveStatus(isOnline, isRetained bool) {
	switch {
	case isRetained: // from before this connection
	case isOnline:
		p.echoes.hear(p.topics.status)
	case p.incoming.reassert.CompareAndSwap(false, true):
		time.AfterFunc(reassertAfter, func() {
			p.incoming.reassert.Store(false)
			p.states.resend(p.states.node)
		})
	}
}

func (p *Publisher) command(topic string, payload []byte, isRetained bool) {
	if path, ok := strings.CutSuffix(topic, "/teach/set"); ok && p.states.views[path] != nil {
		p.teach(p.states.views[path], payload, isRetained)
		return
	}
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
	p.refuse(topic, fmt.Errorf("%d bytes; edged reads at most %d", bytes, maxPacket))
}

func (p *Publisher) refuse(topic string, err error) {
	p.counters.refused.Add(1)
	if _, ok := p.incoming.refused.Take(); ok {
		p.Log.Warn("publish: message refused", "topic", topic, "error", err, "refused_so_far", p.counters.refused.Load())
	}
}

// obey calls OnCommand for one command after the other, until ctx ends.
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

// forget has Home Assistant remove what an earlier configuration of this node described and this one does not.
func (p *Publisher) forget(told []byte) {
	p.teaching.Lock() // so that the description does not change meanwhile
	defer p.teaching.Unlock()
	gone, err := p.remove(told)
	if err != nil {
		p.Log.Warn("publish: cannot read this node's former description for Home Assistant; removed entities stay there",
			"topic", p.Discovery.configTopic(p.clientID()), "error", err)
		return
	}
	if len(gone) == 0 {
		return
	}
	p.states.discard(staleTopics(told, gone), p.topics.prefix)
	p.Log.Info("publish: Home Assistant removes what the configuration no longer has", "components", fmt.Sprint(gone))
	p.states.resendDiscovery()
}
