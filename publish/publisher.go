// Package publish sends what a node recognises to an MQTT broker: events, states, scores, and whether node and cameras are online.
//
// It never delays the pipeline. Every call that publishes something returns at once, and the memory for what waits is bounded. Events
// wait in order in an outbox until the broker acknowledges them. Of each state, of scores and statistics only the newest waits.
//
// All times are the pipeline's, on CLOCK_MONOTONIC. Payloads have wall times, which are worked out as a message leaves.
package publish

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"edged/internal/background"
	"edged/internal/backoff"
	"edged/internal/bounds"
	"edged/internal/clock"
	"edged/internal/sink"
)

// Publisher is a node's connection to its broker. Set the inputs, call Initialize, then Run. After Initialize the other methods may be
// called from any goroutine, also while Run is not running.
type Publisher struct {
	Broker   string      // URL; see address.Parse for its forms
	Brokers  []string    // more nodes of the same cluster: each is tried when the one before fails
	TLS      *tls.Config // for mqtts:// and wss://; nil = trust the system's certificate authorities
	Username string      // "" = connect without a user name
	Password string      // never logged and never part of an error

	Node    string // the node's name in every topic, and in the client id edged-NODE
	Cameras []Camera
	Model   Model  // named in every event that does not name its own
	PageURL string // of edged's page, for a link to it in every event; "" = none. It must need no escape in JSON.

	OnCommand func(Command) // called for one command at a time, while Run runs; nil = take no commands
	Discovery Discovery     // for Home Assistant

	PublishScores  bool          // publish the scores of windows
	ScoresInterval time.Duration // least time between two published windows of a view; 0 = publish every window

	// Outbox keeps events while the broker is away. Give the same one to each publisher of a process, so that waiting events
	// survive a reload, and call its Run beside them. nil = Initialize makes one, and Run runs it.
	Outbox      *Outbox
	QueueLength int           // events that may wait in the outbox that Initialize makes; 0 = 1000
	QueueBytes  int           // bytes that they may take on disk, about; 0 = 1 MB
	QueueAge    time.Duration // time that they may wait; 0 = a week

	KeepAlive   time.Duration // a dead link is noticed within 2.5 times this; whole seconds, at most 10 s; 0 = 5 s
	StopTimeout time.Duration // how long Run may take after its context has ended; 0 = 2 s
	Log         *slog.Logger  // nil = slog.Default()

	broker     broker   // in use
	brokers    []broker // Broker first
	turn       int      // index of the broker in use
	topics     topics
	encoder    eventEncoder
	now        func() clock.Instant
	dial       dialer
	wake       chan struct{} // one token: a message waits
	ownsOutbox bool

	states   *states
	teaching sync.Mutex // guards gone, ViewTopics.teaching of every view, and that descriptions for Home Assistant follow each other
	gone     int        // components that the removal for Home Assistant removes, about
	incoming incoming
	echoes   *echoes

	ackTimeout        time.Duration // 0 = the constant
	discoveryRepeated time.Time     // when Home Assistant's message was last sent by itself
	counters          counters
}

// Camera names a camera, its views, and what the model recognises there.
type Camera struct {
	Name       string
	Views      []string            // parts of the picture that are analysed separately; none = the whole picture is the only view
	Labels     []string            // in the order of the model's outputs; no two are the same
	Background string              // the label that means "no action": it has scores but no state; "" = there is none
	Snapshots  bool                // publish pictures
	Entities   []string            // labels for which Home Assistant gets entities; nil = all actions
	Model      Model               // that judges its pictures; "" = not known
	Derived    []string            // actions that follow from others: they have a state and events, but no score and no threshold
	Zones      map[string][]string // names of the zones of each view, by the view's path; only views that follow have any
	// ZoneEntities are the labels for which Home Assistant gets an entity in each zone; nil = those of Entities.
	ZoneEntities []string
}

// ZonesOf returns the names of the view's zones.
func (c Camera) ZonesOf(path string) []string { return c.Zones[path] }

// Paths returns the paths of the camera's views: "camera/view", or "camera" if it has none.
func (c Camera) Paths() []string {
	if len(c.Views) == 0 {
		return []string{c.Name}
	}
	paths := make([]string, len(c.Views))
	for i, v := range c.Views {
		paths[i] = c.Name + "/" + v
	}
	return paths
}

// actions returns everything that has a state: first labels, then what follows from them.
func (c Camera) actions() []string { return append(c.scored(), c.Derived...) }

// scored returns the labels that have a state, and therefore a threshold.
func (c Camera) scored() []string {
	return slices.DeleteFunc(slices.Clone(c.Labels), func(l string) bool { return l == c.Background })
}

// entities returns the labels for which Home Assistant gets entities. Derived actions always get one.
func (c Camera) entities() []string {
	if c.Entities == nil {
		return c.scored()
	}
	return slices.DeleteFunc(c.scored(), func(l string) bool { return !slices.Contains(c.Entities, l) })
}

// zoneEntities returns the actions for which Home Assistant gets an entity in each zone.
func (c Camera) zoneEntities() []string {
	if c.ZoneEntities == nil {
		return c.entities()
	}
	return slices.DeleteFunc(c.entities(), func(l string) bool { return !slices.Contains(c.ZoneEntities, l) })
}

// Model identifies the model that events come from.
type Model = sink.Model

const (
	connectTimeout = 5 * time.Second // for the TCP connection and the broker's CONNACK together
	ackTimeout     = 5 * time.Second // for the PUBACK of a small message; then edged gives the connection up
	healthyAfter   = time.Minute     // a connection that lived this long counts as a success
	maxKeepAlive   = 10 * time.Second
)

// Initialize checks the inputs and prepares the publisher. Its error names everything that is wrong.
func (p *Publisher) Initialize() error {
	p.QueueLength = cmp.Or(p.QueueLength, bounds.OutboxEvents)
	p.QueueBytes = cmp.Or(p.QueueBytes, bounds.OutboxBytes)
	p.QueueAge = cmp.Or(p.QueueAge, bounds.OutboxAge)
	p.KeepAlive = cmp.Or(p.KeepAlive, 5*time.Second)
	p.StopTimeout = cmp.Or(p.StopTimeout, 2*time.Second)
	p.ackTimeout = cmp.Or(p.ackTimeout, ackTimeout)
	if p.Log == nil {
		p.Log = slog.Default()
	}

	parsed, err := p.parseBrokers()
	if err := errors.Join(err, p.check()); err != nil {
		return err
	}
	p.brokers, p.broker = parsed, parsed[0]
	p.dial = func(ctx context.Context) (net.Conn, error) { return p.broker.dial(ctx) }
	p.encoder = newEventEncoder(p.Model)
	if p.PageURL != "" {
		p.encoder.page = strings.TrimRight(p.PageURL, "/") + "/events/"
	}
	p.now = clock.Now
	p.wake = make(chan struct{}, 1)
	if p.Outbox == nil {
		p.Outbox, p.ownsOutbox = NewOutbox(p.limits(), p.Log), true
	}
	p.topics = newTopics(p.Node)
	if p.Discovery.Prefix != "" {
		p.topics.discovery = p.Discovery.configTopic(p.clientID())
	}
	p.incoming.commands, p.incoming.refused.Every = newCommandQueue(), refusalsEvery
	p.states = newStates(p.topics, p.Cameras, p.notify)
	for _, v := range p.states.views {
		v.publisher = p
	}
	p.echoes = newEchoes(p.Log, p.needed(), p.echoed())
	if p.topics.discovery != "" {
		p.states.replace(p.states.discovery, p.describe())
	}
	return nil
}

// Run keeps a connection to the broker until ctx ends. Whenever a connection has ended it opens a new one, after a jittered pause that
// doubles from 1 s to 60 s, and starts again at 1 s after a connection that lived for a minute. When ctx ends, Run delivers what still
// waits and publishes that cameras and node are offline, within StopTimeout. Events that could not be delivered stay in the outbox.
func (p *Publisher) Run(ctx context.Context) {
	if p.ownsOutbox {
		defer background.Start(p.Outbox.Run)()
	}
	defer p.Outbox.onRestored(p.restored)()
	p.restored()
	if p.OnCommand != nil {
		defer background.Start(p.obey)()
	}
	wait := backoff.Backoff{Min: time.Second, Max: time.Minute, Healthy: healthyAfter}
	var contest idContest
	reasons := outage{}
	for ctx.Err() == nil {
		lived, err := p.serveOnce(ctx)
		if ctx.Err() != nil {
			break
		}
		if lived >= healthyAfter { // to whichever broker
			wait.Reset()
		}
		err = p.explain(ctx, err)
		failed := p.broker
		delay := betweenBrokers
		if p.goToNextBroker() {
			delay = wait.After(lived)
		}
		p.Log.Log(ctx, reasons.recordReason(failed.String(), lived, err), "publish: no connection to the broker", "broker", failed.String(),
			"error", err, "next", p.broker.String(), "retry_in", delay.Round(100*time.Millisecond).String(), "events_waiting", p.Outbox.Waiting())
		if contest.recordLoss(failed.String(), lived, err) {
			p.Log.Error("publish: the broker accepts this node and soon closes the connection, again and again: most likely "+
				"another client uses the same client id; give every board its own node name", "client_id", p.clientID())
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}

// SetStats publishes the node's statistics, a JSON object. It is copied before SetStats returns.
func (p *Publisher) SetStats(json []byte) { p.states.setStats(json) }

func (p *Publisher) limits() Limits { return Limits{p.QueueLength, p.QueueBytes, p.QueueAge} }

// restored makes the newest waiting event of each view its last one, where this process knows of none, and has events sent.
func (p *Publisher) restored() {
	p.Outbox.newestFirst(func(q queued) {
		if a := p.states.action(q.View, q.Label); a != nil && !p.states.hasLast(a.view) {
			p.setLast(&q, a)
		}
	})
	p.notify()
}

// setLast publishes the event as the view's last one.
func (p *Publisher) setLast(e *queued, a *ActionTopics) {
	p.states.setEncoded(a.view.last, func() { a.view.lastEvent, a.view.lastAction = *e, a })
}

func (p *Publisher) notify() {
	select {
	case p.wake <- struct{}{}:
	default: // a token is there already, and stands for everything that waits
	}
}

func (p *Publisher) clientID() string { return "edged-" + p.Node }
