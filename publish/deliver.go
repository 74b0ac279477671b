package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// inFlight is a message that was handed to paho. Its buffer belongs to paho until the token is done.
type inFlight struct {
	token mqtt.Token // nil = there is no message
	buf   []byte
}

func (f *inFlight) isIdle() bool { return f.token == nil }

// done returns a channel that is closed when paho is done with the message, and nil if there is none.
func (f *inFlight) done() <-chan struct{} {
	if f.token == nil {
		return nil
	}
	return f.token.Done()
}

// delivery sends what waits, after the announcement. At most two messages are in flight at once. One has QoS 1: sending them one by
// one keeps the order of events, and an event leaves the outbox only when it is acknowledged. The other has QoS 0, so that scores need
// not wait for a round trip.
type delivery struct {
	*connection
	acked    inFlight      // QoS 1: an event or a state
	isEvent  bool          // which of the two
	position uint64        // of the event in the outbox
	state    *retained     // the state
	topic    string        // of acked
	limit    time.Duration // for its acknowledgement
	sent     time.Duration // when it was handed to paho, CLOCK_MONOTONIC
	timeout  *time.Timer   // fires when the limit is over

	lossy    inFlight // QoS 0: scores or statistics
	isScores bool     // which of the two
	scores   []float32
}

// deliver sends what waits until the link breaks. When ctx ends it goes on until everything is acknowledged, then returns nil; if
// grace ends before that, it returns an error.
func (c *connection) deliver(ctx, grace context.Context) error {
	d := &delivery{connection: c, timeout: time.NewTimer(c.p.ackTimeout)}
	defer d.timeout.Stop()
	return d.explainBulky(d.run(ctx, grace))
}

func (d *delivery) run(ctx, grace context.Context) error {
	stopping := ctx.Done()
	check := time.NewTimer(d.p.echoes.every)
	defer check.Stop()
	for {
		if d.acked.isIdle() {
			d.timeout.Stop()
			d.sendAcked(ctx.Err() != nil)
		}
		if d.lossy.isIdle() {
			d.sendLossy()
		}
		if ctx.Err() != nil && d.acked.isIdle() {
			return nil
		}

		select {
		case <-d.p.wake:
			if topics := d.p.echoes.takeHeard(); len(topics) > 0 {
				d.client.Unsubscribe(topics...)
			}
		case <-d.acked.done():
			if err := d.finishAcked(); err != nil {
				return err
			}
		case <-d.lossy.done():
			if err := d.finishLossy(); err != nil {
				return err
			}
		case <-d.timeout.C:
			if err := d.extend(d.topic, d.limit, d.timeout); err != nil {
				return err
			}
		case <-d.lost:
			return d.broken()
		case <-check.C:
			check.Reset(d.checkEchoes())
		case <-stopping:
			stopping = nil
		case <-grace.Done():
			return errNoTimeLeft
		}
	}
}

// sendAcked sends the next event or state. Events go first, but after an event a waiting state has its turn, so that states are
// correct even while a long queue of events is delivered. Messages that may be large come last, and not at all while edged stops.
func (d *delivery) sendAcked(stopping bool) {
	if d.isEvent && d.sendState(&d.p.states.urgent) {
		return
	}
	if !d.sendEvent() && !d.sendState(&d.p.states.urgent) && !stopping {
		d.sendState(&d.p.states.bulky)
	}
}

// explainBulky names the message in the error that ended the connection, if it may have been too large. It does not wrap the error,
// since the broker did not close the connection because of another client with the same id.
func (d *delivery) explainBulky(err error) error {
	bulky := !d.acked.isIdle() && !d.isEvent && d.state.isBulky()
	if err == nil || errors.Is(err, errNoTimeLeft) || !bulky {
		return err
	}
	then := "edged tries it again"
	if d.p.states.recordFailure(d.state) {
		then = "edged gives it up; is it too large for the broker, or the uplink too slow?"
	}
	return fmt.Errorf("%s, %d bytes: %s; %s", d.topic, len(d.acked.buf), err.Error(), then)
}

func (d *delivery) sendEvent() bool {
	q, at, ok := d.p.Outbox.oldest()
	gone := 0
	for ; ok && d.p.states.actionOf(&q) == nil; gone++ { // the configuration has changed since
		d.p.Outbox.giveUp(at)
		q, at, ok = d.p.Outbox.oldest()
	}
	if gone > 0 {
		d.p.Log.Warn("publish: waiting events are dropped: the configuration no longer has their camera, view or label", "events", gone)
	}
	if !ok {
		return false
	}
	action := d.p.states.actionOf(&q)
	d.acked.buf = d.p.encoder.append(d.acked.buf[:0], &q, action, d.p.now())
	d.isEvent, d.position = true, at
	d.publish(action.view.eventTopic, false)
	return true
}

// sendState sends the oldest message of the queue, if there is one.
func (d *delivery) sendState(queue *[]*retained) bool {
	r, value := d.p.states.takeNext(queue, d.acked.buf[:0])
	if r == nil {
		return false
	}
	d.isEvent, d.state, d.acked.buf = false, r, value
	d.publish(r.topic, true)
	return true
}

func (d *delivery) publish(topic string, retain bool) {
	d.topic, d.limit = topic, within(d.p.ackTimeout, len(d.acked.buf))
	d.p.echoes.await(topic)
	d.sent = d.p.now().Monotonic
	d.acked.token = d.client.Publish(topic, 1, retain, d.acked.buf)
	d.timeout.Reset(d.limit)
}

// finishAcked records that the message is acknowledged.
func (d *delivery) finishAcked() error {
	if err := d.failure(d.acked.token); err != nil {
		return err
	}
	d.acked.token = nil
	d.p.counters.ackTimes.Add(d.p.now().Monotonic - d.sent)
	d.p.echoes.expect(d.topic, len(d.acked.buf))
	if d.isEvent {
		d.p.Outbox.remove(d.position)
		d.p.counters.events.Add(1)
	} else {
		d.p.states.recordSent(d.state)
		d.p.counters.states.Add(1)
	}
	return nil
}

// sendLossy sends the next window's scores. If none wait, it sends the statistics.
func (d *delivery) sendLossy() {
	if view, w, ok := d.p.states.takeScores(d.scores); ok {
		d.scores = w.scores
		d.lossy.buf = appendScores(d.lossy.buf[:0], view.labels, w, d.p.now())
		d.isScores = true
		d.lossy.token = d.client.Publish(view.scoresTopic, 0, false, d.lossy.buf)
		return
	}
	if json, ok := d.p.states.takeStats(d.lossy.buf[:0]); ok {
		d.lossy.buf = json
		d.isScores = false
		d.lossy.token = d.client.Publish(d.p.topics.stats, 0, false, json)
	}
}

// finishLossy records that paho has written the message.
func (d *delivery) finishLossy() error {
	if err := d.failure(d.lossy.token); err != nil {
		return err
	}
	d.lossy.token = nil
	if d.isScores {
		d.p.counters.scores.Add(1)
	}
	return nil
}
