package capture

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// patient gives up a source that stands still: a file on a drive that no longer answers. Nobody can end such a read. It goes on in a
// goroutine of its own, and the source is opened again only when that has ended.
type patient struct {
	Source
	limit time.Duration // without a frame; until the first one, at least beginWithin

	stuck chan error // of a Run that was given up; nil: there is none
}

// beginWithin is how long a source may take for its first frame: ffmpeg may have to read all of a file for it.
const beginWithin = 45 * time.Second

// endWithin is how long a source that is given up may take to end.
const endWithin = 2 * time.Second

// Run implements Source.
func (p *patient) Run(ctx context.Context, sink Sink) error {
	if p.stuck != nil {
		if ended, _ := p.await(ctx, p.stuck, p.limit); !ended {
			return p.standsStill(ctx)
		}
		p.stuck = nil
	}
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	g := &guarded{sink: sink, last: time.Now().Add(max(beginWithin-p.limit, 0))}
	result := make(chan error, 1)
	go func() { result <- p.Source.Run(running, g.take) }()
	for {
		ended, err := p.await(ctx, result, p.limit/4)
		switch {
		case ended:
			return err
		case ctx.Err() == nil && g.idle() < p.limit:
			continue
		}
		cancel()
		if ended, err := p.await(context.WithoutCancel(ctx), result, endWithin); ended && ctx.Err() != nil {
			return err
		} else if !ended {
			p.stuck = result
		}
		g.giveUp()
		return p.standsStill(ctx)
	}
}

// await waits for the result, at most so long.
func (p *patient) await(ctx context.Context, result chan error, limit time.Duration) (ended bool, err error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err = <-result:
		return true, err
	case <-timer.C:
	case <-ctx.Done():
	}
	return false, nil
}

func (p *patient) standsStill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("capture: %s: no picture for %v; does its drive answer? %w", p.Source, p.limit, unix.ETIMEDOUT)
}

// guarded is a sink that a source can no longer reach once the source was given up.
type guarded struct {
	mu   sync.Mutex
	sink Sink // nil: given up
	last time.Time
}

func (g *guarded) take(f *Frame) Finding {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sink == nil {
		return Finding{}
	}
	g.last = time.Now()
	return g.sink(f)
}

func (g *guarded) idle() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Since(g.last)
}

func (g *guarded) giveUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sink = nil
}
