package publish

import (
	"sync/atomic"

	"edged/internal/durations"
)

// Counters count what a Publisher has done since Initialize.
type Counters struct {
	Connected       bool
	Connects        uint64 // connections that came up
	ConnectFailures uint64 // attempts that failed
	EventsWaiting   int
	EventsSent      uint64           // acknowledged by the broker
	EventsDropped   uint64           // too many, too large, too old, or of a view that the configuration no longer has
	OutboxError     error            // why events wait in memory alone, although they should be on disk; nil = they are, or need not be
	StatesSent      uint64           // retained messages acknowledged by the broker
	AckTimes        durations.Counts // from sending to the broker's acknowledgement, of events and states
	ScoresSent      uint64
	ScoresSkipped   uint64   // windows without a connection, or replaced by a newer one before they could be sent
	Unheard         []string // topics that the broker does not deliver, see Publisher.Unheard
	CommandsTaken   uint64
	CommandsRefused uint64 // because of their values, or because they were too large
}

type counters struct {
	connected       atomic.Bool
	connects        atomic.Uint64
	connectFailures atomic.Uint64
	events          atomic.Uint64
	states          atomic.Uint64
	ackTimes        durations.Histogram
	scores          atomic.Uint64
	commands        atomic.Uint64
	refused         atomic.Uint64
}

// Counters returns the current counts.
func (p *Publisher) Counters() Counters {
	return Counters{
		Connected:       p.counters.connected.Load(),
		Connects:        p.counters.connects.Load(),
		ConnectFailures: p.counters.connectFailures.Load(),
		EventsWaiting:   p.Outbox.Waiting(),
		EventsSent:      p.counters.events.Load(),
		EventsDropped:   p.Outbox.Dropped(),
		OutboxError:     p.Outbox.Err(),
		StatesSent:      p.counters.states.Load(),
		AckTimes:        p.counters.ackTimes.Counts(),
		ScoresSent:      p.counters.scores.Load(),
		ScoresSkipped:   p.states.skipped(),
		Unheard:         p.Unheard(),
		CommandsTaken:   p.counters.commands.Load(),
		CommandsRefused: p.counters.refused.Load(),
	}
}
