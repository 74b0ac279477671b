package publish

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// echoes checks that the broker delivers what edged publishes. Over MQTT 3.1.1 a broker cannot refuse a message: if its access rules
// forbid a topic, it acknowledges the message and drops it. So edged subscribes to some of its own topics, at least one of each kind
// in each view, and expects what it publishes there to come back.
//
// To topics of events it is subscribed only until an event has come back, and again some time later. An echo for every event would cost
// 40 ms each: many brokers send echo and acknowledgement in two packets, and the kernel holds back the second one until the first one is
// acknowledged, for which the kernel of the board takes its time (Nagle's algorithm and delayed acknowledgements).
type echoes struct {
	log     *slog.Logger
	needed  string               // what the broker must allow
	timeout time.Duration        // for the echo of a small message
	every   time.Duration        // between two checks
	quiet   func() time.Duration // for how long nothing has kept messages of the broker from coming in

	mu     sync.Mutex
	topics map[string]*echo
	heard  []string // topics of events to unsubscribe from
	broker string

	checksAgain bool // a further check will come
}

// echo is what is known of one topic.
type echo struct {
	awaited bool          // a message was sent whose echo has not come
	since   time.Time     // when the broker acknowledged it; zero = not yet
	within  time.Duration // how long the echo may take from then on
	ignored bool          // edged is not subscribed now, so no echo can come
	refused bool          // the broker does not let edged subscribe
	isEvent bool          // edged unsubscribes once an echo has come
	missing bool          // an echo did not come in time, and none has come since
}

const (
	// echoTimeout is how long the echo of a small message may take.
	echoTimeout = 10 * time.Second
	// echoEvery is how often edged checks again whether messages come back. After a missing echo it is echoSoon, and for Home
	// Assistant's message, which may be large, discoveryEvery.
	echoEvery      = 5 * time.Minute
	echoSoon       = time.Minute
	discoveryEvery = time.Hour
)

func newEchoes(log *slog.Logger, needed string, topics []string) *echoes {
	e := &echoes{log: log, needed: needed, timeout: echoTimeout, every: echoEvery, topics: map[string]*echo{}}
	for _, t := range topics {
		e.topics[t] = &echo{isEvent: strings.HasSuffix(t, "/event")}
	}
	return e
}

// connect begins with a new connection: nothing is outstanding.
func (e *echoes) connect(broker string, quiet func() time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broker, e.quiet, e.heard = broker, quiet, nil
	for _, t := range e.topics {
		t.awaited, t.ignored, t.refused = false, false, false // the connection subscribes to all of them
	}
}

// disconnect ends the connection. What was missing stays missing until it is heard.
func (e *echoes) disconnect() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.topics {
		t.awaited = false
	}
}

// ignore expects nothing of a topic on this connection: the broker refused the subscription.
func (e *echoes) ignore(topic string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t := e.topics[topic]; t != nil {
		t.ignored, t.refused, t.missing = true, true, false
	}
}

// await notes that a message is sent. Its echo may come before the broker acknowledges it.
func (e *echoes) await(topic string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t := e.topics[topic]; t != nil && !t.ignored && !t.awaited {
		t.awaited, t.since = true, time.Time{}
	}
}

// expect notes that the broker has acknowledged a message: from now on its echo may take so long.
func (e *echoes) expect(topic string, bytes int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.topics[topic]
	if t == nil || !t.awaited || !t.since.IsZero() {
		return
	}
	t.since, t.within = time.Now(), within(e.timeout, bytes)
	time.AfterFunc(t.within+e.timeout/10, e.check) // a little later, so that one line of the log names all topics
}

// hear notes that a message has come back, and reports whether takeHeard has something to return.
func (e *echoes) hear(topic string) (toUnsubscribe bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.topics[topic]
	if t == nil {
		return false
	}
	if t.isEvent && !t.ignored {
		t.ignored, toUnsubscribe = true, true
		e.heard = append(e.heard, topic)
	}
	t.awaited = false
	if t.missing {
		t.missing = false
		e.log.Info("publish: the broker delivers this topic again", "broker", e.broker, "topic", topic)
	}
	return toUnsubscribe
}

// takeHeard returns topics of events that have come back, for the connection to unsubscribe from.
func (e *echoes) takeHeard() (topics []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	topics, e.heard = e.heard, nil
	return topics
}

// takeUnchecked returns the topics of events that edged is not subscribed to, for the connection to subscribe to them again.
func (e *echoes) takeUnchecked() map[string]byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	topics := map[string]byte{}
	for topic, t := range e.topics {
		if t.isEvent && t.ignored && !t.refused && !slices.Contains(e.heard, topic) {
			t.ignored = false
			topics[topic] = 0
		}
	}
	return topics
}

// check looks for echoes that should have come by now, and reports those that were not missing before.
func (e *echoes) check() {
	e.mu.Lock()
	defer e.mu.Unlock()
	var missing []string
	var again time.Duration
	for topic, t := range e.topics {
		if !t.awaited || t.since.IsZero() {
			continue
		}
		if left := t.within - min(time.Since(t.since), e.quiet()); left > 0 { // something has kept messages from coming in
			again = max(again, left)
			continue
		}
		t.awaited = false
		if !t.missing {
			t.missing = true
			missing = append(missing, topic)
		}
	}
	if again > 0 && !e.checksAgain {
		e.checksAgain = true
		time.AfterFunc(again+e.timeout/10, e.checkAgain)
	}
	if len(missing) == 0 {
		return
	}
	slices.Sort(missing)
	e.log.Error("publish: the broker acknowledges these messages and does not deliver them; most likely its access rules forbid "+
		"this user to write or to read there", "broker", e.broker, "topics", strings.Join(missing, " "), "needed", e.needed)
}

// checkAgain looks for echoes that could not have come by the time of the check before.
func (e *echoes) checkAgain() {
	e.mu.Lock()
	e.checksAgain = false
	e.mu.Unlock()
	e.check()
}

// missing returns the topics whose messages do not come back.
func (e *echoes) missing() (topics []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for topic, t := range e.topics {
		if t.missing {
			topics = append(topics, topic)
		}
	}
	slices.Sort(topics)
	return topics
}

// Unheard returns the topics that the broker does not deliver although it acknowledges what edged publishes there. It looks at the
// node's status, at one state and the events of each view, and at Home Assistant's message. A topic is in the list from 10 s after a
// message that did not come back until one does; an event topic cannot be before its first event.
func (p *Publisher) Unheard() []string { return p.echoes.missing() }

// echoed returns the topics whose echo is expected.
func (p *Publisher) echoed() []string {
	topics := []string{p.topics.status}
	for _, v := range p.states.views {
		topics = append(topics, v.eventTopic)
		if v.echoed != nil {
			topics = append(topics, v.echoed.topic)
		}
	}
	if p.topics.discovery != "" {
		topics = append(topics, p.topics.discovery)
	}
	return topics
}

// needed is what the broker must let this user write and read.
func (p *Publisher) needed() string {
	return strings.TrimSpace(p.topics.prefix + "# " + p.topics.discovery)
}

// checkEchoes publishes some states again and subscribes to events again, to see whether they still come back. It returns when to do so
// next.
func (d *delivery) checkEchoes() time.Duration {
	p := d.p
	if topics := p.echoes.takeUnchecked(); len(topics) > 0 {
		d.client.SubscribeMultiple(topics, d.receive)
	}
	p.states.resend(p.states.node)
	for _, v := range p.states.views {
		if v.echoed != nil {
			p.states.resend(v.echoed)
		}
	}
	if p.topics.discovery != "" && time.Since(p.discoveryRepeated) >= discoveryEvery {
		p.discoveryRepeated = time.Now()
		p.states.resendDiscovery()
	}
	if len(p.Unheard()) > 0 {
		return min(echoSoon, p.echoes.every)
	}
	return p.echoes.every
}
