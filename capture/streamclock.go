package capture

import (
	"log/slog"
	"time"
)

// newStreamClock makes the clock of a stream. timed says whether it has times of its own.
func newStreamClock(timed bool, log *slog.Logger) *streamClock {
	return &streamClock{log: log, useless: !timed, pacer: pacer{log: log}}
}

// streamClock brings the times of a stream, which begin anywhere, onto CLOCK_MONOTONIC. It adds one offset to all of them, so that
// frames keep their distances however they are delivered. The offset follows the two clocks' drift slowly. Where the stream's clock
// jumps, the offset is set anew and the frame is another scene. A clock that makes no sense is given up for the times of arrival.
type streamClock struct {
	log *slog.Logger

	started bool
	offset  time.Duration // from the stream's times to CLOCK_MONOTONIC
	last    time.Duration // the last frame's own time
	check   struct {      // the stretch of the stream that is being judged
		own, arrival time.Duration // at its beginning
		frames       int
		least        time.Duration // the least delay: of arrival behind the own time
	}
	drift time.Duration // still to be added to the offset
	jumps int           // in a row of stretches

	useless bool // the frames' times of arrival are used instead
	pacer   pacer
}

const (
	// ahead and behind how a frame's time may be from its arrival. Frames cannot come before they are taken; a stream may be late by
	// what its sender and a network hold back.
	streamAhead, streamBehind = 1500 * time.Millisecond, 10 * time.Second
	// stretch is how often the drift is measured.
	stretch = 5 * time.Second
	// slew is by what part of an interval the offset changes at most.
	slew = 50
	// mostJumps is how many jumps in a row of stretches with jumps make a clock useless.
	mostJumps = 4
)

// next returns the time of a frame that arrives now, of the given own time. restart says that it does not continue the times before
// it.
func (c *streamClock) next(own, now time.Duration) (t time.Duration, restart bool) {
	if c.useless {
		return c.pacer.next(now)
	}
	passed := own - c.last
	c.last = own
	at := own + c.offset
	switch {
	case !c.started:
		c.started = true
		c.anchor(own, now)
	case passed < 0, at > now+streamAhead, at < now-streamBehind:
		restart = true
		if c.jumps++; c.jumps >= mostJumps {
			return c.giveUp(own, now)
		}
		c.log.Info("the stream's clock jumps", "by", (at - now).Round(time.Millisecond))
		c.anchor(own, now)
	default:
		c.follow(passed)
	}
	if c.stands(own, now) {
		return c.giveUp(own, now)
	}
	return own + c.offset, restart
}

// anchor makes own the time now.
func (c *streamClock) anchor(own, now time.Duration) {
	c.offset, c.drift = now-own, 0
	c.begin(own, now)
}

func (c *streamClock) begin(own, now time.Duration) {
	c.check.own, c.check.arrival, c.check.frames, c.check.least = own, now, 0, now-own
}

// follow changes the offset by a little of the drift, so that no interval changes visibly.
func (c *streamClock) follow(passed time.Duration) {
	step := min(max(c.drift, -passed/slew), passed/slew)
	c.offset += step
	c.drift -= step
}

// stands judges the clock once in a stretch. It returns whether the clock stands still, or nearly, while frames arrive: a muxer that
// lets no time go back writes such. Otherwise it measures the drift.
func (c *streamClock) stands(own, now time.Duration) bool {
	c.check.frames++
	c.check.least = min(c.check.least, now-own)
	lasted := now - c.check.arrival
	if lasted < stretch {
		return false
	}
	if c.check.frames > 10 && own-c.check.own < lasted/4 {
		return true
	}
	if lasted < 2*stretch { // else the stream had paused
		c.jumps = 0
	}
	c.drift = c.check.least - c.offset
	c.begin(own, now)
	return false
}

// giveUp goes over to the times of arrival.
func (c *streamClock) giveUp(own, now time.Duration) (time.Duration, bool) {
	c.log.Warn("the stream's times make no sense; from now on edged uses the time of each frame's arrival", "time", own)
	c.useless = true
	t, _ := c.pacer.next(now)
	return t, true
}
