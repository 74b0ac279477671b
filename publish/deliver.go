package publish

import (
	"context"
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
	acked   lane // events and states
	event   bool // acked carries the outbox's event number seq, not a state
	seq     uint64
	topic   string
	timeout *time.Timer

	lossy  lane // scores and statistics
	window bool // lossy carries scores
	scores []float32
}

// deliver runs until the link breaks, or ctx has ended and nothing waits for an acknowledgement any more; then it returns nil.
func (c *connection) deliver(ctx, grace context.Context) error {
	d := &delivery{connection: c, timeout: time.NewTimer(ackTimeout)}
	defer d.timeout.Stop()
	stopping := ctx.Done()
	for {
		if d.acked.idle() {
			d.timeout.Stop()
			d.sendAcked()
		}
		if d.lossy.idle() {
			d.sendLossy()
		}
		if ctx.Err() != nil && d.acked.idle() {
			return nil
		}

		select {
		case <-c.p.wake:
		case <-d.acked.done():
			if err := d.acknowledged(); err != nil {
				return err
			}
		case <-d.lossy.done():
			if err := d.written(); err != nil {
				return err
			}
		case <-d.timeout.C:
			return noAcknowledgement(d.topic)
		case <-c.lost:
			return c.broken()
		case <-stopping:
			stopping = nil
		case <-grace.Done():
			return errNoTimeLeft
		}
	}
}

// sendAcked sends the next event or state. Events go first, but after an event a waiting state has its turn, so that a long
// queue does not keep states from being true.
func (d *delivery) sendAcked() {
	if d.event && d.sendState() {
		return
	}
	if !d.sendEvent() {
		d.sendState()
	}
}

func (d *delivery) sendEvent() bool {
	e, seq, ok := d.p.outbox.oldest()
	for ok && !d.p.board.has(e.Source, e.Label) { // an earlier process's, of what the configuration no longer has
		d.p.outbox.remove(seq)
		e, seq, ok = d.p.outbox.oldest()
	}
	if !ok {
		return false
	}
	view := d.p.board.views[e.Source]
	d.acked.buf = d.p.encoder.append(d.acked.buf[:0], &e, view, d.p.now())
	d.event, d.seq, d.topic = true, seq, view.eventTopic
	d.acked.token = d.client.Publish(d.topic, 1, false, d.acked.buf)
	d.timeout.Reset(ackTimeout)
	return true
}

func (d *delivery) sendState() bool {
	topic, value, ok := d.p.board.nextChanged(d.acked.buf[:0])
	if !ok {
		return false
	}
	d.acked.buf, d.event, d.topic = value, false, topic
	d.acked.token = d.client.Publish(topic, 1, true, value)
	d.timeout.Reset(ackTimeout)
	return true
}

func (d *delivery) acknowledged() error {
	if err := d.failure(d.acked.token); err != nil {
		return err
	}
	d.acked.token = nil
	if d.event {
		d.p.outbox.remove(d.seq)
		d.p.counters.events.Add(1)
	} else {
		d.p.counters.states.Add(1)
	}
	return nil
}

// sendLossy sends the next window's scores, or where none wait the statistics.
func (d *delivery) sendLossy() {
	if view, w, ok := d.p.board.nextScores(d.scores); ok {
		d.scores = w.scores
		d.lossy.buf = appendScores(d.lossy.buf[:0], view.labels, w, d.p.now())
		d.window = true
		d.lossy.token = d.client.Publish(view.scoresTopic, 0, false, d.lossy.buf)
		return
	}
	if json, ok := d.p.board.nextStats(d.lossy.buf[:0]); ok {
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
