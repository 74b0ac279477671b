package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
	"edged/publish"
)

// state is what the boards tell once in a while, all of them together.
type state struct {
	Connected, Waiting int
	Sent               int // messages that the broker has taken, but for the discovery's second half
	Failures           uint64
}

var labels = []string{
	"still", "left_to_right", "right_to_left", "rise", "fall", "approach", "recede", "rotate_cw", "rotate_ccw", "wave", "appear", "disappear",
}

// thresholds are those of all actions.
var thresholds = map[string]float64{}

func init() {
	for _, l := range labels[1:] {
		thresholds[l] = 0.6
	}
}

// announcement is how many retained messages a board sends with each connection: status of board and camera, the actions' states
// and thresholds, enabled, and Home Assistant's device.
var announcement = 2 + 2*(len(labels)-1) + 1 + 1

// statistics are as long as those of a board with one camera.
var statistics = []byte(`{"node":"` + strings.Repeat("x", 1300) + `"}`)

// statisticsEvery is edged's own.
const statisticsEvery = 10 * time.Second

// beBoards runs the publishers until the process is killed.
func beBoards(address string) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	var stats atomic.Int64
	all := make([]*publish.Publisher, *nodes)
	for i := range all {
		p := &publish.Publisher{
			Broker: "tcp://" + address, Node: fmt.Sprintf("board%d", i), OnCommand: func(publish.Command) {},
			Cameras:   []publish.Camera{{Name: "front", Labels: labels, Background: "still"}},
			Model:     publish.Model{Name: "edged-starter", SHA256: strings.Repeat("ab", 32)},
			Discovery: publish.Discovery{Prefix: "homeassistant", Version: "fleet"},
		}
		if err := p.Initialize(); err != nil {
			panic(err)
		}
		board, err := p.Sink("front")
		if err != nil {
			panic(err)
		}
		board.Camera(sink.Camera{Name: "front", Online: true})
		board.View(sink.View{Path: "front", Enabled: true, Thresholds: thresholds})
		all[i] = p
		go p.Run(context.Background())
		go live(p, board, &stats)
	}
	for range time.Tick(200 * time.Millisecond) {
		s := state{Sent: int(stats.Load())}
		for _, p := range all {
			c := p.Counters()
			s.Sent += int(c.StatesSent + c.EventsSent)
			s.Failures += c.ConnectFailures
			s.Waiting += c.EventsWaiting
			if c.Connected {
				s.Connected++
			}
		}
		_ = json.NewEncoder(os.Stdout).Encode(s)
	}
}

// live is a board's life: an action once in a while, of 3 s, and statistics.
func live(p *publish.Publisher, board *publish.Sink, stats *atomic.Int64) {
	action := time.After(rand.N(*actions))
	time.Sleep(rand.N(statisticsEvery))
	tick := time.NewTicker(statisticsEvery)
	var end <-chan time.Time
	e := sink.Event{ID: sink.ID{Run: p.Node}, View: "front", Score: 0.7, Peak: 0.9}
	for {
		select {
		case <-tick.C:
			p.SetStats(statistics)
			if p.Counters().Connected {
				stats.Add(1)
			}
			continue
		case <-action:
			e.ID.N, e.Label, e.Phase, e.Start = e.ID.N+1, labels[1+rand.N(len(labels)-1)], sink.Start, clock.Monotonic()
			action, end = time.After(*actions/2+rand.N(*actions)), time.After(3*time.Second)
		case <-end:
			e.Phase, e.End = sink.End, clock.Monotonic()
		}
		e.Newest = clock.Monotonic()
		board.Event(e)
	}
}
