// Package publish sends what a node sees to an MQTT broker: events, states, scores, and whether node and cameras are there.
//
// Nothing here can hold up the pipeline: every call that hands something over returns at once, and what waits is bounded.
// Events wait in order in an outbox until the broker acknowledges them; of states, scores and statistics only the newest
// waits. Wall time exists only in payloads; all calls take the pipeline's CLOCK_MONOTONIC times.
package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"edged/internal/background"
	"edged/internal/backoff"
	"edged/internal/bounds"
	"edged/internal/clock"
	"edged/internal/sink"
)

// Publisher is one node's connection to its broker. Set the inputs, call Initialize, then Run; the other methods may be called
// from any goroutine between Initialize and the end of the process, also while Run is not running.
type Publisher struct {
	Broker   string      // URL; see address.Parse for its forms
	Brokers  []string    // further ones, nodes of one cluster: each is tried when the one before fails
	TLS      *tls.Config // for mqtts:// and wss://; nil = the system's certificate authorities
	Username string      // "" = connect without a user name
	Password string      // never logged and never part of an error

	Node    string // this board's name in every topic, and in the client id edged-<Node>
	Cameras []Camera
	Model   Model  // named in every event
	PageURL string // of edged's page, for a link to it in every event; "" = none. It must need no escape in JSON.

	OnCommand func(Command) // called one at a time while Run runs; nil = no command is taken
	Discovery Discovery     // for Home Assistant

	PublishScores  bool          // publish windows' scores at all
	ScoresInterval time.Duration // least time between two published windows of a camera; 0 = every window

	// Outbox keeps events while the broker is away. Give the same one to each publisher of a process, so that waiting events
	// outlive a reload, and run it beside them. nil = Initialize makes one, and Run runs it.
	Outbox      *Outbox
	QueueLength int           // events that may wait; 0 = 1000
	QueueBytes  int           // bytes that they may take on disk, about; 0 = 1 MB
	QueueAge    time.Duration // time that they may wait; 0 = a week

	KeepAlive   time.Duration // a silent link is noticed within 2.5 times this; whole seconds, at most 10 s; 0 = 5 s
	StopTimeout time.Duration // how long a clean stop may take to deliver what waits and say offline; 0 = 2 s
	Log         *slog.Logger  // nil = slog.Default()

	broker     broker   // that has its turn
	brokers    []broker // Broker first
	turn       int      // index of broker
	topics     topics
	encoder    eventEncoder
	now        func() clock.Instant
	dial       dialer
	wake       chan struct{} // one token: something waits to be sent
	ownsOutbox bool

	states   *states
	incoming incoming
	echoes   *echoes

	discoveryRepeated time.Time // when Home Assistant's message was last sent by itself
	counters          counters
}

// Camera names a camera and what its model tells apart.
type Camera struct {
	Name       string
	Views      []string // parts of the picture that are watched each by itself; none = the picture is the only view
	Labels     []string // in the order of the model's outputs; each differs
	Background string   // the label that means "no action": it has a score but no state; "" = none
	Snapshots  bool     // pictures may be published
	Entities   []string // the labels that Home Assistant shows one by one; nil = every action
}

// Paths returns what the camera's views are called in topics and in calls: "camera/view", or "camera" where it has none.
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

// actions returns the labels that have a state.
func (c Camera) actions() []string {
	return slices.DeleteFunc(slices.Clone(c.Labels), func(l string) bool { return l == c.Background })
}

// entities returns the actions that Home Assistant shows one by one.
func (c Camera) entities() []string {
	if c.Entities == nil {
		return c.actions()
	}
	return slices.DeleteFunc(c.actions(), func(l string) bool { return !slices.Contains(c.Entities, l) })
}

// Model identifies the model that events come from.
type Model = sink.Model

const (
	connectTimeout = 5 * time.Second // for the TCP connection and the broker's CONNACK together
	ackTimeout     = 5 * time.Second // for the PUBACK of a small message; a broker that takes longer is treated as gone
	healthyAfter   = time.Minute     // a connection that lived this long ends the run of failures
	maxKeepAlive   = 10 * time.Second
)

// Initialize checks the inputs, reporting everything wrong with them at once, and prepares the calls.
func (p *Publisher) Initialize() error {
	p.QueueLength = orDefault(p.QueueLength, bounds.OutboxEvents)
	p.QueueBytes = orDefault(p.QueueBytes, bounds.OutboxBytes)
	p.QueueAge = orDefault(p.QueueAge, bounds.OutboxAge)
	p.KeepAlive = orDefault(p.KeepAlive, 5*time.Second)
	p.StopTimeout = orDefault(p.StopTimeout, 2*time.Second)
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

// Run keeps a connection to the broker until ctx ends: it opens a new one whenever the last has ended, after a jittered wait
// that doubles from 1 s to 60 s and starts again at 1 s after a minute of health. When ctx ends it delivers what still waits
// and says that cameras and node are offline, in at most StopTimeout. Events that could not be delivered stay in the outbox.
func (p *Publisher) Run(ctx context.Context) {
	if p.ownsOutbox {
		defer background.Start(p.Outbox.Run)()
	}
	p.Outbox.SetLimits(p.limits())
	defer p.Outbox.onRestored(p.restored)()
	p.restored()
	if p.OnCommand != nil {
		defer background.Start(p.obey)()
	}
	wait := backoff.Backoff{Min: time.Second, Max: time.Minute, Healthy: healthyAfter}
	var contest idContest
	told := outage{}
	for ctx.Err() == nil {
		lived, err := p.serveOnce(ctx)
		if ctx.Err() != nil {
			break
		}
		if lived >= healthyAfter { // whichever of the brokers it was
			wait.Reset()
		}
		err = p.explain(ctx, err)
		failed := p.broker
		delay := betweenBrokers
		if p.goToNextBroker() {
			delay = wait.After(lived)
		}
		p.Log.Log(ctx, told.level(failed.String(), lived, err), "publish: no connection to the broker", "broker", failed.String(),
			"error", err, "next", p.broker.String(), "retry_in", delay.Round(100*time.Millisecond).String(), "events_waiting", p.Outbox.Waiting())
		if contest.lost(failed.String(), lived, err) {
			p.Log.Error("publish: the broker accepts this node and soon closes the connection, again and again: most likely "+
				"another client uses the same client id; give every board a node name of its own", "client_id", p.clientID())
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

// setLast makes the event the view's last one.
func (p *Publisher) setLast(e *queued, a *ActionTopics) {
	p.states.setLast(a.view, func(dst []byte) []byte { return p.encoder.append(dst, e, a, p.now()) })
}

func (p *Publisher) notify() {
	select {
	case p.wake <- struct{}{}:
	default: // a token is there already: the connection will look at everything that waits
	}
}

func (p *Publisher) clientID() string { return "edged-" + p.Node }

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}
