package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// lane is the one message of its kind that is on its way. Its buffer belongs to paho until the token is done.
type lane struct {
	token mqtt.Token // nil = idle
	buf   []byte
}

func (l *lane) idle() bool { return l.token == nil }

// done returns the channel that ends the wait for the message, nil (never) when the lane is idle.
func (l *lane) done() <-chan struct{} {
	if l.token == nil {
		return nil
	}
	return l.token.Done()
}

// delivery sends what the pipeline hands over. Two messages may be on their way at once: one of QoS 1, so that events keep
// their order and none is taken for delivered before its acknowledgement, and one of QoS 0, so that scores wait for no round
// trip. Nothing waits for a timer.
type delivery struct {
	*connection
	acked    lane   // events and states
	event    bool   // acked carries an event, not a state
	position uint64 // of the event in the outbox
	state    *retained
	topic    string
	limit    time.Duration
	timeout  *time.Timer

	lossy  lane // scores and statistics
	window bool // lossy carries scores
	scores []float32
}

// deliver delivers until the link breaks, or ctx has ended and nothing waits for an acknowledgement any more; then it returns nil.
func (c *connection) deliver(ctx, grace context.Context) error {
	d := &delivery{connection: c, timeout: time.NewTimer(ackTimeout)}
	defer d.timeout.Stop()
	return d.blame(d.run(ctx, grace))
}

func (d *delivery) run(ctx, grace context.Context) error {
	stopping := ctx.Done()
	repeat := time.NewTimer(echoEvery)
	defer repeat.Stop()
	for {
		if d.acked.idle() {
			d.timeout.Stop()
			d.sendAcked(ctx.Err() != nil)
		}
		if d.lossy.idle() {
			d.sendLossy()
		}
		if ctx.Err() != nil && d.acked.idle() {
			return nil
		}

		select {
		case <-d.p.wake:
		case <-d.acked.done():
			if err := d.acknowledged(); err != nil {
				return err
			}
		case <-d.lossy.done():
			if err := d.written(); err != nil {
				return err
			}
		case <-d.timeout.C:
			if err := d.overdue(d.topic, d.limit, d.timeout); err != nil {
				return err
			}
		case <-d.lost:
			return d.broken()
		case <-repeat.C:
			repeat.Reset(d.p.repeatStates())
		case <-stopping:
			stopping = nil
		case <-grace.Done():
			return errNoTimeLeft
		}
	}
}

// sendAcked sends the next event or state. Events go first, but after an event a waiting state has its turn, so that a long
// queue does not keep states from being true. What may be large comes last, and not when there is little time left.
func (d *delivery) sendAcked(stopping bool) {
	if d.event && d.sendState(&d.p.states.urgent) {
		return
	}
	if !d.sendEvent() && !d.sendState(&d.p.states.urgent) && !stopping {
		d.sendState(&d.p.states.bulky)
	}
}

// late says whether a message that may be large is on its way.
func (d *delivery) late() bool { return !d.acked.idle() && !d.event && d.state.isBulky() }

// blame names such a message in the error that ended the connection. The error is not wrapped: that the broker closed the
// connection says nothing here about another node with the same client id.
func (d *delivery) blame(err error) error {
	if err == nil || errors.Is(err, errNoTimeLeft) || !d.late() {
		return err
	}
	then := "it is tried again"
	if d.p.states.recordFailure(d.state) {
		then = "it is given up; is it too large for the broker, or the uplink too slow?"
	}
	return fmt.Errorf("%s, %d bytes: %s; %s", d.topic, len(d.acked.buf), err.Error(), then)
}

func (d *delivery) sendEvent() bool {
	q, at, ok := d.p.Outbox.oldest()
	gone := 0
	for ; ok && d.p.states.action(q.View, q.Label) == nil; gone++ { // the configuration has changed since
		d.p.Outbox.giveUp(at)
		q, at, ok = d.p.Outbox.oldest()
	}
	if gone > 0 {
		d.p.Log.Warn("publish: waiting events are dropped: the configuration no longer has their camera, view or label", "events", gone)
	}
	if !ok {
		return false
	}
	action := d.p.states.action(q.View, q.Label)
	d.acked.buf = d.p.encoder.append(d.acked.buf[:0], &q, action, d.p.now())
	d.event, d.position = true, at
	d.publish(action.view.eventTopic, false)
	return true
}

// sendState sends the oldest message of the queue.
func (d *delivery) sendState(queue *[]*retained) bool {
	r, value := d.p.states.takeNext(queue, d.acked.buf[:0])
	if r == nil {
		return false
	}
	d.event, d.state, d.acked.buf = false, r, value
	d.publish(r.topic, true)
	return true
}

func (d *delivery) publish(topic string, retain bool) {
	d.topic, d.limit = topic, within(ackTimeout, len(d.acked.buf))
	d.p.echoes.await(topic)
	d.acked.token = d.client.Publish(topic, 1, retain, d.acked.buf)
	d.timeout.Reset(d.limit)
}

func (d *delivery) acknowledged() error {
	if err := d.failure(d.acked.token); err != nil {
		return err
	}
	d.acked.token = nil
	d.p.echoes.expect(d.topic, len(d.acked.buf))
	if d.event {
		d.p.Outbox.remove(d.position)
		d.p.counters.events.Add(1)
	} else {
		d.p.states.recordSent(d.state)
		d.p.counters.states.Add(1)
	}
	return nil
}

// sendLossy sends the next window's scores, or where none wait the statistics.
func (d *delivery) sendLossy() {
	if view, w, ok := d.p.states.takeScores(d.scores); ok {
		d.scores = w.scores
		d.lossy.buf = appendScores(d.lossy.buf[:0], view.labels, w, d.p.now())
		d.window = true
		d.lossy.token = d.client.Publish(view.scoresTopic, 0, false, d.lossy.buf)
		return
	}
	if json, ok := d.p.states.takeStats(d.lossy.buf[:0]); ok {
		d.lossy.buf = json
		d.window = false
		d.lossy.token = d.client.Publish(d.p.topics.stats, 0, false, json)
	}
}

func (d *delivery) written() error {
	if err := d.failure(d.lossy.token); err != nil {
		return err
	}
	d.lossy.token = nil
	if d.window {
		d.p.counters.scores.Add(1)
	}
	return nil
}
